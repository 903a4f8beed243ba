// TensorFlow Lite (with its own XNNPACK) in WebAssembly with SIMD: the npm package @tensorflow/tfjs-tflite without
// its JavaScript face, so that nothing but the inference is timed.
//
// tfjs_tflite.cjs MODEL: then a line "run N" on standard input answers with N times in microseconds, a line
// "output HEX" with the output for that input, in hex.
const fs = require('fs');
const readline = require('readline');

let folder;
try {
  folder = require('path').dirname(require.resolve('@tensorflow/tfjs-tflite/package.json')) + '/wasm/';
} catch {
  console.log('missing: npm package @tensorflow/tfjs-tflite');
  process.exit(0);
}
const name = folder + 'tflite_web_api_cc_simd';
const factory = require(name + '.js');

factory({wasmBinary: fs.readFileSync(name + '.wasm'), print() {}, printErr() {}}).then((lite) => {
  const model = fs.readFileSync(process.argv[2]);
  const place = lite._malloc(model.length);
  lite.HEAPU8.set(model, place);
  const options = {
    numThreads: 1, maxNumThreads: 1, enableWebNNDelegate: false, webNNDevicePreference: 0,
    enableProfiling: false, maxProfilingBufferEntries: 0,
  };
  const made = lite.TFLiteWebModelRunner.CreateFromBufferAndOptions(place, model.length, options);
  if (!made.ok()) {
    console.log('missing: ' + made.errorMessage());
    process.exit(0);
  }
  const runner = made.value();
  console.log('ready');
  readline.createInterface({input: process.stdin}).on('line', (line) => {
    const [what, value] = line.split(' ');
    if (what === 'run') {
      const times = [];
      for (let i = 0; i < Number(value); i++) {
        const start = process.hrtime.bigint();
        runner.Infer();
        times.push(Number(process.hrtime.bigint() - start) / 1000);
      }
      console.log(times.join(' '));
    } else {
      runner.GetInputs().get(0).data().set(new Int8Array(Buffer.from(value, 'hex')));
      runner.Infer();
      console.log(Buffer.from(runner.GetOutputs().get(0).data()).toString('hex'));
    }
  });
});
