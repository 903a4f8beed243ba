// Holds JSON outputs against the shipped schemas with AJV, in strict mode.
//
//   node schema_ajv.mjs SCHEMA_FOLDER OUTPUTS   (a JSON list of [schema name, value])
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.AIOT_TEST_NODE_MODULES ?? process.cwd(), 'x.js'));
const Ajv = require('ajv/dist/2020.js').default;

const [folder, outputs] = process.argv.slice(2);
const ajv = new Ajv({ strict: true, allErrors: true });
const validators = new Map();
for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
  const name = file.replace(/\.(\d+)\.json$/, '/$1');
  const schema = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
  const id = `urn:${name.replaceAll(/[./]/g, ':')}`;
  if (schema.$id !== id) throw new Error(`${file}: its $id is ${schema.$id}, not ${id}`);
  validators.set(name, ajv.compile(schema));
}

let failed = 0;
const all = JSON.parse(readFileSync(outputs, 'utf8'));
for (const [name, value] of all) {
  const validate = validators.get(name);
  if (validate?.(value)) continue;
  failed += 1;
  console.error(name, validate ? ajv.errorsText(validate.errors) : 'has no schema');
}
// A validator that accepts anything would prove nothing.
if (validators.get('aiot.flash/1')({ schema: 'aiot.flash/1', ok: 'yes' })) throw new Error('accepts what it must not');
if (failed > 0) throw new Error(`${failed} outputs do not match their schemas`);
console.log(`${all.length} outputs match ${validators.size} schemas in AJV`);
