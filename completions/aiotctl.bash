# bash completion for aiotctl. Generated from its option data; do not edit.

_aiotctl_ports() {
  local port
  for port in /dev/serial/by-id/* /dev/ttyUSB* /dev/ttyACM*; do
    [[ -e $port ]] && printf '%s\n' "$port"
  done
  # What the last `aiotctl discover` found. compgen expands its words: nothing but addresses may pass.
  local found=${XDG_CACHE_HOME:-$HOME/.cache}/aiot/discovered plain='^[][A-Za-z0-9:/._=%@?+,-]+$'
  [[ -r $found ]] || return 0
  while IFS= read -r port; do
    [[ $port =~ $plain ]] && printf '%s\n' "$port"
  done <"$found"
}

_aiotctl_words() {
  local IFS=$' \t\n'
  COMPREPLY+=($(compgen -W "$1" -- "$cur"))
}

_aiotctl_files() {
  compopt -o filenames 2>/dev/null
  local IFS=$'\n'
  COMPREPLY+=($(compgen "$1" -- "$cur"))
}

_aiotctl() {
  local cur prev path='' i word verbs options IFS=$' \t\n'
  COMPREPLY=()
  # `:` and `=` break words for readline; addresses and --color=auto are whole.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local words cword
    _get_comp_words_by_ref -n ':=' cur prev words cword
  else
    local words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    cur=${words[cword]} prev=${words[cword-1]}
  fi
  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    case "$path $word" in
      ' discover') path=/discover ;;
      ' pair') path=/pair ;;
      '/pair show') path=/pair/show ;;
      '/pair unpair') path=/pair/unpair ;;
      ' flash') path=/flash ;;
      '/flash write') path=/flash/write ;;
      '/flash read') path=/flash/read ;;
      '/flash verify') path=/flash/verify ;;
      '/flash erase') path=/flash/erase ;;
      '/flash info') path=/flash/info ;;
      '/flash reset') path=/flash/reset ;;
      '/flash image') path=/flash/image ;;
      '/flash merge') path=/flash/merge ;;
      ' ota') path=/ota ;;
      '/ota keygen') path=/ota/keygen ;;
      '/ota init') path=/ota/init ;;
      '/ota key') path=/ota/key ;;
      '/ota add') path=/ota/add ;;
      '/ota refresh') path=/ota/refresh ;;
      '/ota status') path=/ota/status ;;
      '/ota sign') path=/ota/sign ;;
      '/ota verify') path=/ota/verify ;;
      '/ota serve') path=/ota/serve ;;
      '/ota push') path=/ota/push ;;
      '/ota smp') path=/ota/smp ;;
      '/ota install') path=/ota/install ;;
      '/ota slot') path=/ota/slot ;;
      '/ota confirm') path=/ota/confirm ;;
      ' listen') path=/listen ;;
      ' bench') path=/bench ;;
      '/bench run') path=/bench/run ;;
      '/bench device') path=/bench/device ;;
      ' sim') path=/sim ;;
      '/sim provision') path=/sim/provision ;;
      '/sim ota') path=/sim/ota ;;
      ' doctor') path=/doctor ;;
      ' config') path=/config ;;
      '/config show') path=/config/show ;;
      '/config path') path=/config/path ;;
      ' completion') path=/completion ;;
      ' schema') path=/schema ;;
      ' help') path=/help ;;
    esac
  done

  # The value of the option before the cursor.
  if [[ $cur == --*=* ]]; then
    prev=${cur%%=*}
    cur=${cur#*=}
  fi
  case "$path:$prev" in
    /discover:--where|/discover:-w) :; return ;;
    /discover:--only) _aiotctl_words 'alibaba ble bluetooth coap mdns miio ssdp tuya usb wifi wsd'; return ;;
    /discover:--except) _aiotctl_words 'alibaba ble bluetooth coap mdns miio ssdp tuya usb wifi wsd'; return ;;
    /discover:--interface|/discover:-i) :; return ;;
    /discover:--subnet) :; return ;;
    /discover:--keys) _aiotctl_files -f; return ;;
    /discover:--pcap) _aiotctl_files -f; return ;;
    /discover:--btsnoop) _aiotctl_files -f; return ;;
    /pair:--at) _aiotctl_words "$(_aiotctl_ports)"; return ;;
    /pair:--image) _aiotctl_files -f; return ;;
    /pair:--wifi-file) _aiotctl_files -f; return ;;
    /pair:--access-point) _aiotctl_files -f; return ;;
    /pair:--secret-file) _aiotctl_files -f; return ;;
    /pair:--protocol) _aiotctl_words 'dpp esp homekit alibaba improv miio ble mesh bluetooth'; return ;;
    /pair:--io) :; return ;;
    /pair:--record) _aiotctl_files -f; return ;;
    /pair:--token-file) _aiotctl_files -f; return ;;
    /pair:--endpoint) :; return ;;
    /pair:--data) _aiotctl_files -f; return ;;
    /pair:--devices) _aiotctl_files -f; return ;;
    /pair:--jobs|/pair:-j) :; return ;;
    /pair:--trace) _aiotctl_files -f; return ;;
    /pair/show:--image) _aiotctl_files -f; return ;;
    /flash:--expect) :; return ;;
    /flash:--fail-on) :; return ;;
    /flash:--within) :; return ;;
    /flash:--console-baud) :; return ;;
    /flash:--each) :; return ;;
    /flash:--devices) _aiotctl_files -f; return ;;
    /flash:--jobs|/flash:-j) :; return ;;
    /flash:--chip|/flash:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash:--baud|/flash:-b) :; return ;;
    /flash:--before) _aiotctl_words 'auto classic usb-jtag none'; return ;;
    /flash:--after) _aiotctl_words 'reset loader'; return ;;
    /flash:--stub) _aiotctl_files -d; return ;;
    /flash:--trace) _aiotctl_files -f; return ;;
    /flash:--flash-mode) _aiotctl_words 'keep qio qout dio dout'; return ;;
    /flash:--flash-freq) :; return ;;
    /flash:--flash-size) :; return ;;
    /flash/write:--expect) :; return ;;
    /flash/write:--fail-on) :; return ;;
    /flash/write:--within) :; return ;;
    /flash/write:--console-baud) :; return ;;
    /flash/write:--each) :; return ;;
    /flash/write:--devices) _aiotctl_files -f; return ;;
    /flash/write:--jobs|/flash/write:-j) :; return ;;
    /flash/write:--chip|/flash/write:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/write:--baud|/flash/write:-b) :; return ;;
    /flash/write:--before) _aiotctl_words 'auto classic usb-jtag none'; return ;;
    /flash/write:--after) _aiotctl_words 'reset loader'; return ;;
    /flash/write:--stub) _aiotctl_files -d; return ;;
    /flash/write:--trace) _aiotctl_files -f; return ;;
    /flash/write:--flash-mode) _aiotctl_words 'keep qio qout dio dout'; return ;;
    /flash/write:--flash-freq) :; return ;;
    /flash/write:--flash-size) :; return ;;
    /flash/read:--output|/flash/read:-o) _aiotctl_files -f; return ;;
    /flash/read:--partition|/flash/read:-p) :; return ;;
    /flash/read:--offset) :; return ;;
    /flash/read:--size) :; return ;;
    /flash/read:--each) :; return ;;
    /flash/read:--devices) _aiotctl_files -f; return ;;
    /flash/read:--jobs|/flash/read:-j) :; return ;;
    /flash/read:--chip|/flash/read:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/read:--baud|/flash/read:-b) :; return ;;
    /flash/read:--before) _aiotctl_words 'auto classic usb-jtag none'; return ;;
    /flash/read:--after) _aiotctl_words 'reset loader'; return ;;
    /flash/read:--stub) _aiotctl_files -d; return ;;
    /flash/read:--trace) _aiotctl_files -f; return ;;
    /flash/verify:--each) :; return ;;
    /flash/verify:--devices) _aiotctl_files -f; return ;;
    /flash/verify:--jobs|/flash/verify:-j) :; return ;;
    /flash/verify:--chip|/flash/verify:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/verify:--baud|/flash/verify:-b) :; return ;;
    /flash/verify:--before) _aiotctl_words 'auto classic usb-jtag none'; return ;;
    /flash/verify:--after) _aiotctl_words 'reset loader'; return ;;
    /flash/verify:--stub) _aiotctl_files -d; return ;;
    /flash/verify:--trace) _aiotctl_files -f; return ;;
    /flash/verify:--flash-mode) _aiotctl_words 'keep qio qout dio dout'; return ;;
    /flash/verify:--flash-freq) :; return ;;
    /flash/verify:--flash-size) :; return ;;
    /flash/erase:--partition|/flash/erase:-p) :; return ;;
    /flash/erase:--offset) :; return ;;
    /flash/erase:--size) :; return ;;
    /flash/erase:--each) :; return ;;
    /flash/erase:--devices) _aiotctl_files -f; return ;;
    /flash/erase:--jobs|/flash/erase:-j) :; return ;;
    /flash/erase:--chip|/flash/erase:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/erase:--baud|/flash/erase:-b) :; return ;;
    /flash/erase:--before) _aiotctl_words 'auto classic usb-jtag none'; return ;;
    /flash/erase:--after) _aiotctl_words 'reset loader'; return ;;
    /flash/erase:--stub) _aiotctl_files -d; return ;;
    /flash/erase:--trace) _aiotctl_files -f; return ;;
    /flash/info:--each) :; return ;;
    /flash/info:--devices) _aiotctl_files -f; return ;;
    /flash/info:--jobs|/flash/info:-j) :; return ;;
    /flash/info:--chip|/flash/info:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/info:--baud|/flash/info:-b) :; return ;;
    /flash/info:--before) _aiotctl_words 'auto classic usb-jtag none'; return ;;
    /flash/info:--after) _aiotctl_words 'reset loader'; return ;;
    /flash/info:--stub) _aiotctl_files -d; return ;;
    /flash/info:--trace) _aiotctl_files -f; return ;;
    /flash/reset:--each) :; return ;;
    /flash/reset:--devices) _aiotctl_files -f; return ;;
    /flash/reset:--jobs|/flash/reset:-j) :; return ;;
    /flash/reset:--chip|/flash/reset:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/reset:--baud|/flash/reset:-b) :; return ;;
    /flash/reset:--before) _aiotctl_words 'auto classic usb-jtag none'; return ;;
    /flash/reset:--after) _aiotctl_words 'reset loader'; return ;;
    /flash/reset:--stub) _aiotctl_files -d; return ;;
    /flash/reset:--trace) _aiotctl_files -f; return ;;
    /flash/image:--convert) _aiotctl_words 'raw hex elf-segments esp-image partition-csv partition-table'; return ;;
    /flash/image:--output|/flash/image:-o) _aiotctl_files -f; return ;;
    /flash/image:--offset) :; return ;;
    /flash/image:--fill) :; return ;;
    /flash/image:--chip|/flash/image:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/image:--flash-mode) _aiotctl_words 'keep qio qout dio dout'; return ;;
    /flash/image:--flash-freq) :; return ;;
    /flash/image:--flash-size) :; return ;;
    /flash/merge:--output|/flash/merge:-o) _aiotctl_files -f; return ;;
    /flash/merge:--chip|/flash/merge:-c) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /flash/merge:--fill) :; return ;;
    /flash/merge:--pad-to) :; return ;;
    /flash/merge:--base) :; return ;;
    /flash/merge:--flash-mode) _aiotctl_words 'keep qio qout dio dout'; return ;;
    /flash/merge:--flash-freq) :; return ;;
    /flash/merge:--flash-size) :; return ;;
    /ota/keygen:--type) _aiotctl_words 'ed25519 ecdsa-p256'; return ;;
    /ota/keygen:--secret-file) _aiotctl_files -f; return ;;
    /ota/init:--root) _aiotctl_files -f; return ;;
    /ota/init:--targets) _aiotctl_files -f; return ;;
    /ota/init:--snapshot) _aiotctl_files -f; return ;;
    /ota/init:--timestamp) _aiotctl_files -f; return ;;
    /ota/init:--threshold) :; return ;;
    /ota/init:--expires) :; return ;;
    /ota/init:--secret-file) _aiotctl_files -f; return ;;
    /ota/key:--repository) _aiotctl_files -f; return ;;
    /ota/key:--threshold) :; return ;;
    /ota/key:--key) _aiotctl_files -f; return ;;
    /ota/key:--secret-file) _aiotctl_files -f; return ;;
    /ota/add:--repository) _aiotctl_files -f; return ;;
    /ota/add:--product) :; return ;;
    /ota/add:--version) :; return ;;
    /ota/add:--hardware) :; return ;;
    /ota/add:--chip) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget'; return ;;
    /ota/add:--deltas) :; return ;;
    /ota/add:--key) _aiotctl_files -f; return ;;
    /ota/add:--secret-file) _aiotctl_files -f; return ;;
    /ota/refresh:--repository) _aiotctl_files -f; return ;;
    /ota/refresh:--within) :; return ;;
    /ota/refresh:--key) _aiotctl_files -f; return ;;
    /ota/refresh:--secret-file) _aiotctl_files -f; return ;;
    /ota/status:--repository) _aiotctl_files -f; return ;;
    /ota/sign:--format) _aiotctl_words 'mcuboot'; return ;;
    /ota/sign:--output|/ota/sign:-o) _aiotctl_files -f; return ;;
    /ota/sign:--key|/ota/sign:-k) _aiotctl_files -f; return ;;
    /ota/sign:--secret-file) _aiotctl_files -f; return ;;
    /ota/sign:--version) :; return ;;
    /ota/sign:--security-counter) :; return ;;
    /ota/sign:--dependency) :; return ;;
    /ota/sign:--header-size) :; return ;;
    /ota/sign:--slot-size) :; return ;;
    /ota/sign:--align) :; return ;;
    /ota/verify:--key|/ota/verify:-k) _aiotctl_files -f; return ;;
    /ota/verify:--certificate) _aiotctl_files -f; return ;;
    /ota/verify:--ca) _aiotctl_files -f; return ;;
    /ota/verify:--fingerprint) :; return ;;
    /ota/serve:--listen|/ota/serve:-l) :; return ;;
    /ota/serve:--certificate) _aiotctl_files -f; return ;;
    /ota/serve:--key) _aiotctl_files -f; return ;;
    /ota/serve:--name) :; return ;;
    /ota/serve:--client-ca) _aiotctl_files -f; return ;;
    /ota/serve:--tokens) _aiotctl_files -f; return ;;
    /ota/serve:--artifacts) _aiotctl_files -f; return ;;
    /ota/serve:--poll) :; return ;;
    /ota/serve:--state) _aiotctl_files -d; return ;;
    /ota/serve:--metrics) :; return ;;
    /ota/serve:--access-log) _aiotctl_files -f; return ;;
    /ota/serve:--connections) :; return ;;
    /ota/serve:--connections-per-address) :; return ;;
    /ota/serve:--rate) :; return ;;
    /ota/serve:--idle) :; return ;;
    /ota/push:--within) :; return ;;
    /ota/push:--image) :; return ;;
    /ota/push:--password-file) _aiotctl_files -f; return ;;
    /ota/push:--http-kind) _aiotctl_words 'tasmota wled esphome esp8266 arduino'; return ;;
    /ota/push:--ca) _aiotctl_files -f; return ;;
    /ota/push:--fingerprint) :; return ;;
    /ota/push:--each) :; return ;;
    /ota/push:--devices) _aiotctl_files -f; return ;;
    /ota/push:--jobs|/ota/push:-j) :; return ;;
    /ota/push:--trace) _aiotctl_files -f; return ;;
    /ota/smp:--each) :; return ;;
    /ota/smp:--devices) _aiotctl_files -f; return ;;
    /ota/smp:--jobs|/ota/smp:-j) :; return ;;
    /ota/install:--root) _aiotctl_files -f; return ;;
    /ota/install:--product) :; return ;;
    /ota/install:--hardware) :; return ;;
    /ota/install:--state) _aiotctl_files -d; return ;;
    /ota/install:--slot) _aiotctl_files -f; return ;;
    /ota/install:--hand-off) :; return ;;
    /ota/install:--ca) _aiotctl_files -f; return ;;
    /ota/install:--fingerprint) :; return ;;
    /ota/slot:--state) _aiotctl_files -d; return ;;
    /ota/slot:--trial-boots) :; return ;;
    /ota/confirm:--state) _aiotctl_files -d; return ;;
    /listen:--expect|/listen:-e) :; return ;;
    /listen:--fail-on) :; return ;;
    /listen:--count) :; return ;;
    /listen:--duration) :; return ;;
    /listen:--filter|/listen:-f) :; return ;;
    /listen:--framing) _aiotctl_words 'line idle none'; return ;;
    /listen:--idle) :; return ;;
    /listen:--baud|/listen:-b) :; return ;;
    /listen:--raw) _aiotctl_words 'auto none colour all'; return ;;
    /listen:--stamp) _aiotctl_words 'local utc elapsed none'; return ;;
    /listen:--escape-key) :; return ;;
    /listen:--log|/listen:-o) _aiotctl_files -f; return ;;
    /listen:--log-size) :; return ;;
    /listen:--log-files) :; return ;;
    /listen:--elf) _aiotctl_files -f; return ;;
    /listen:--qos) _aiotctl_words '0 1 2'; return ;;
    /listen:--mqtt-version) _aiotctl_words '5 3.1.1'; return ;;
    /listen:--client-id) :; return ;;
    /listen:--credentials) _aiotctl_files -f; return ;;
    /listen:--keys) _aiotctl_files -f; return ;;
    /listen:--ca) _aiotctl_files -f; return ;;
    /listen:--cert) _aiotctl_files -f; return ;;
    /listen:--key) _aiotctl_files -f; return ;;
    /bench/run:--engine|/bench/run:-e) _aiotctl_words 'reference xnnpack tflite'; return ;;
    /bench/run:--isa) _aiotctl_words 'avx512-vnni avx-vnni avx2 neon-dot neon scalar'; return ;;
    /bench/run:--threads|/bench/run:-t) :; return ;;
    /bench/run:--pin) :; return ;;
    /bench/run:--duration|/bench/run:-d) :; return ;;
    /bench/run:--runs) :; return ;;
    /bench/run:--stream) :; return ;;
    /bench/run:--period) :; return ;;
    /bench/run:--warm-up) :; return ;;
    /bench/run:--data) _aiotctl_files -d; return ;;
    /bench/run:--labels) _aiotctl_files -f; return ;;
    /bench/run:--data-type) _aiotctl_words 'auto int8 uint8 float32'; return ;;
    /bench/run:--workers) :; return ;;
    /bench/run:--min-accuracy) :; return ;;
    /bench/run:--baseline) _aiotctl_files -f; return ;;
    /bench/run:--max-regression) :; return ;;
    /bench/run:--report) _aiotctl_files -f; return ;;
    /bench/run:--input|/bench/run:-i) _aiotctl_files -f; return ;;
    /bench/run:--output|/bench/run:-o) _aiotctl_files -f; return ;;
    /bench/device:--model|/bench/device:-m) _aiotctl_files -f; return ;;
    /bench/device:--mode) _aiotctl_words 'performance accuracy energy'; return ;;
    /bench/device:--data) _aiotctl_files -d; return ;;
    /bench/device:--labels) _aiotctl_files -f; return ;;
    /bench/device:--files) :; return ;;
    /bench/device:--seed) :; return ;;
    /bench/device:--baud|/bench/device:-b) :; return ;;
    /bench/device:--windows) :; return ;;
    /bench/device:--window) :; return ;;
    /bench/device:--warm-up) :; return ;;
    /bench/device:--monitor) _aiotctl_words "$(_aiotctl_ports)"; return ;;
    /bench/device:--monitor-kind) _aiotctl_words 'lpm01a joulescope'; return ;;
    /bench/device:--voltage) :; return ;;
    /bench/device:--sample-rate) :; return ;;
    /bench/device:--results) _aiotctl_files -d; return ;;
    /bench/device:--trace) _aiotctl_files -f; return ;;
    /bench/device:--each) :; return ;;
    /bench/device:--devices) _aiotctl_files -f; return ;;
    /bench/device:--jobs|/bench/device:-j) :; return ;;
    /sim:--port|/sim:-p) :; return ;;
    /sim:--count) :; return ;;
    /sim:--flash) _aiotctl_files -f; return ;;
    /sim:--flash-size) :; return ;;
    /sim:--baud-limit) :; return ;;
    /sim:--fault) _aiotctl_words 'drop corrupt corrupt-reply lose lose-reply stall reset wrong-mac write-protected power-cut no-stub no-reset secure-boot flash-encryption secure-download garbage duplicate slow lose corrupt lose-reply cut-reply corrupt-reply garbage stall reboot wrong-input wrong-scale wrong-rounding wrong-output forgets-input clock-wrap clock-fast bare-errors echo line-feeds returns slow'; return ;;
    /sim:--mac) :; return ;;
    /sim:--profile) _aiotctl_words 'default fast'; return ;;
    /sim:--rate) :; return ;;
    /sim:--mqtt) :; return ;;
    /sim:--mqtt-interval) :; return ;;
    /sim:--mqtt-rate) :; return ;;
    /sim:--credentials) _aiotctl_files -f; return ;;
    /sim:--ca) _aiotctl_files -f; return ;;
    /sim:--bench) _aiotctl_files -f; return ;;
    /sim:--latency) :; return ;;
    /sim/provision:--kind) :; return ;;
    /sim/provision:--port|/sim/provision:-p) :; return ;;
    /sim/provision:--count) :; return ;;
    /sim/provision:--fault) _aiotctl_words 'drop corrupt corrupt-reply lose lose-reply stall reset wrong-mac write-protected power-cut no-stub no-reset secure-boot flash-encryption secure-download garbage duplicate slow lose corrupt lose-reply cut-reply corrupt-reply garbage stall reboot wrong-input wrong-scale wrong-rounding wrong-output forgets-input clock-wrap clock-fast bare-errors echo line-feeds returns slow'; return ;;
    /sim/provision:--wifi-file) _aiotctl_files -f; return ;;
    /sim/provision:--secret-file) _aiotctl_files -f; return ;;
    /sim/ota:--kind) :; return ;;
    /sim/ota:--port|/sim/ota:-p) :; return ;;
    /sim/ota:--count) :; return ;;
    /sim/ota:--running) _aiotctl_files -f; return ;;
    /sim/ota:--password-file) _aiotctl_files -f; return ;;
    /sim/ota:--write-time) :; return ;;
    /sim/ota:--server) :; return ;;
    /sim/ota:--ca) _aiotctl_files -f; return ;;
    /sim/ota:--fingerprint) :; return ;;
    /sim/ota:--token-file) _aiotctl_files -f; return ;;
    /sim/ota:--root) _aiotctl_files -f; return ;;
    /sim/ota:--attribute) :; return ;;
    /sim/ota:--fault) _aiotctl_words 'drop corrupt corrupt-reply lose lose-reply stall reset wrong-mac write-protected power-cut no-stub no-reset secure-boot flash-encryption secure-download garbage duplicate slow lose corrupt lose-reply cut-reply corrupt-reply garbage stall reboot wrong-input wrong-scale wrong-rounding wrong-output forgets-input clock-wrap clock-fast bare-errors echo line-feeds returns slow'; return ;;
    *:--color) _aiotctl_words 'auto always never'; return ;;
    *:--config) _aiotctl_files -f; return ;;
    *:--timeout) :; return ;;
    *:--log-file) _aiotctl_files -f; return ;;
  esac

  case "$path" in
    '') verbs='discover pair flash ota listen bench sim doctor config completion schema help' options='' ;;
    /discover) verbs='' options='-w --where --only --except -i --interface --subnet --keys --probe --watch --pcap --btsnoop --list' ;;
    /pair) verbs='show unpair' options='--at --image --wifi-file --wifi-from-host --access-point --restore-wifi --secret-file --protocol --io --confirm --record --token-file --endpoint --data --devices -j --jobs --trace' ;;
    /pair/show) verbs='' options='--image --reveal' ;;
    /pair/unpair) verbs='' options='' ;;
    /flash) verbs='write read verify erase info reset image merge' options='--full --erase-all --no-verify --expect --fail-on --within --console-baud --each --devices -j --jobs -c --chip -b --baud --before --after --no-stub --stub --trace -f --force --flash-mode --flash-freq --flash-size' ;;
    /flash/write) verbs='' options='--full --erase-all --no-verify --expect --fail-on --within --console-baud --each --devices -j --jobs -c --chip -b --baud --before --after --no-stub --stub --trace -f --force --flash-mode --flash-freq --flash-size' ;;
    /flash/read) verbs='' options='-o --output -p --partition --offset --size -a --all --each --devices -j --jobs -c --chip -b --baud --before --after --no-stub --stub --trace -f --force' ;;
    /flash/verify) verbs='' options='--each --devices -j --jobs -c --chip -b --baud --before --after --no-stub --stub --trace -f --force --flash-mode --flash-freq --flash-size' ;;
    /flash/erase) verbs='' options='-p --partition --offset --size -a --all --each --devices -j --jobs -c --chip -b --baud --before --after --no-stub --stub --trace -f --force' ;;
    /flash/info) verbs='' options='--each --devices -j --jobs -c --chip -b --baud --before --after --no-stub --stub --trace -f --force' ;;
    /flash/reset) verbs='' options='--each --devices -j --jobs -c --chip -b --baud --before --after --no-stub --stub --trace -f --force' ;;
    /flash/image) verbs='' options='--convert -o --output --offset --fill -c --chip --flash-mode --flash-freq --flash-size' ;;
    /flash/merge) verbs='' options='-o --output -c --chip --fill --pad-to --base --keep-existing --flash-mode --flash-freq --flash-size' ;;
    /ota) verbs='keygen init key add refresh status sign verify serve push smp install slot confirm' options='' ;;
    /ota/keygen) verbs='' options='--type --secret-file' ;;
    /ota/init) verbs='' options='--root --targets --snapshot --timestamp --threshold --expires --secret-file' ;;
    /ota/key) verbs='' options='--repository --threshold --key --secret-file' ;;
    /ota/add) verbs='' options='--repository --product --version --hardware --chip --deltas --key --secret-file' ;;
    /ota/refresh) verbs='' options='--repository --within --key --secret-file' ;;
    /ota/status) verbs='' options='--repository' ;;
    /ota/sign) verbs='' options='--format -o --output -k --key --secret-file --version --security-counter --dependency --header-size --pad-header --pure --slot-size --align --pad --confirm' ;;
    /ota/verify) verbs='' options='-k --key --certificate --ca --fingerprint' ;;
    /ota/serve) verbs='' options='-l --listen --certificate --key --self-signed --name --client-ca --ddi --tokens --artifacts --poll --state --metrics --access-log --connections --connections-per-address --rate --idle' ;;
    /ota/push) verbs='' options='--no-confirm --no-wait --within --again --skip-same-version --image --password-file --http-kind --ca --fingerprint --each --devices -j --jobs --trace' ;;
    /ota/smp) verbs='' options='--each --devices -j --jobs' ;;
    /ota/install) verbs='' options='--root --product --hardware --state --slot --hand-off --ca --fingerprint --allow-older --again --no-delta' ;;
    /ota/slot) verbs='' options='--state --trial-boots' ;;
    /ota/confirm) verbs='' options='--state --roll-back' ;;
    /listen) verbs='' options='-e --expect --fail-on --count --duration -f --filter --framing --idle -b --baud --reset --no-reset --reconnect --no-reconnect --send --raw --hex --stamp --escape-key -o --log --log-size --log-files --elf --qos --mqtt-version --client-id --credentials --keys --ca --cert --key --list' ;;
    /bench) verbs='run device' options='' ;;
    /bench/run) verbs='' options='-e --engine --isa -t --threads --pin -d --duration --runs --stream --period --fresh-state --warm-up --no-profile --no-peak --data --labels --data-type --workers --min-accuracy --baseline --max-regression --force --report -i --input -o --output' ;;
    /bench/device) verbs='' options='-m --model --mode --data --labels --files --seed -b --baud --windows --window --warm-up --prove-all --allow-missed --monitor --monitor-kind --voltage --sample-rate --calibrate --no-power-cycle --results -f --force --trace --each --devices -j --jobs' ;;
    /sim) verbs='provision ota' options='-p --port --count --flash --flash-size --baud-limit --fault --mac --profile --app --rate --mqtt --mqtt-interval --mqtt-rate --credentials --ca --bench --latency --monitor --list' ;;
    /sim/provision) verbs='' options='--kind -p --port --count --fault --wifi-file --secret-file --list' ;;
    /sim/ota) verbs='' options='--kind -p --port --count --running --password-file --write-time --announce --server --ca --fingerprint --token-file --root --attribute --fault --list' ;;
    /doctor) verbs='' options='' ;;
    /config) verbs='show path' options='' ;;
    /config/show) verbs='' options='--origin' ;;
    /config/path) verbs='' options='' ;;
    /completion) verbs='' options='' ;;
    /schema) verbs='' options='' ;;
    /help) verbs='' options='' ;;
  esac
  if [[ $cur == -* ]]; then
    _aiotctl_words "$options --json --jsonl -q --quiet -v --verbose --color --no-input -y --yes -n --dry-run --config --timeout --log-file -V --version -h --help"
    return
  fi
  case "$path" in
    /discover) : ;;
    /pair) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /pair/show) : ;;
    /pair/unpair) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /flash) _aiotctl_words "$(_aiotctl_ports)"; _aiotctl_files -f;  ;;
    /flash/write) _aiotctl_words "$(_aiotctl_ports)"; _aiotctl_files -f;  ;;
    /flash/read) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /flash/verify) _aiotctl_words "$(_aiotctl_ports)"; _aiotctl_files -f;  ;;
    /flash/erase) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /flash/info) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /flash/reset) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /flash/image) _aiotctl_files -f;  ;;
    /flash/merge) _aiotctl_files -f;  ;;
    /ota) : ;;
    /ota/keygen) _aiotctl_files -f;  ;;
    /ota/init) _aiotctl_files -f;  ;;
    /ota/key) _aiotctl_files -f; _aiotctl_files -f;  ;;
    /ota/add) _aiotctl_files -f;  ;;
    /ota/refresh) : ;;
    /ota/status) : ;;
    /ota/sign) _aiotctl_files -f;  ;;
    /ota/verify) _aiotctl_files -f;  ;;
    /ota/serve) : ;;
    /ota/push) _aiotctl_words "$(_aiotctl_ports)"; _aiotctl_files -f;  ;;
    /ota/smp) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /ota/install) : ;;
    /ota/slot) : ;;
    /ota/confirm) : ;;
    /listen) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /bench) : ;;
    /bench/run) _aiotctl_words 'kws vww ic ad'; _aiotctl_files -f;  ;;
    /bench/device) _aiotctl_words "$(_aiotctl_ports)";  ;;
    /sim) _aiotctl_words 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266 gadget';  ;;
    /sim/provision) : ;;
    /sim/ota) : ;;
    /doctor) : ;;
    /config) : ;;
    /config/show) : ;;
    /config/path) : ;;
    /completion) _aiotctl_words 'bash zsh fish';  ;;
    /schema) _aiotctl_words 'aiot.bench.device/1 aiot.bench.infer/1 aiot.bench.model/1 aiot.bench.run/1 aiot.config/1 aiot.convert/1 aiot.device/1 aiot.discover.list/1 aiot.discover/1 aiot.doctor/1 aiot.error/1 aiot.event/1 aiot.flash/1 aiot.image/1 aiot.listen.list/1 aiot.listen/1 aiot.merge/1 aiot.message/1 aiot.ota.access/1 aiot.ota.add/1 aiot.ota.confirm/1 aiot.ota.device/1 aiot.ota.install/1 aiot.ota.key/1 aiot.ota.push/1 aiot.ota.repository/1 aiot.ota.serve.ready/1 aiot.ota.serve/1 aiot.ota.sign/1 aiot.ota.slot/1 aiot.ota.smp/1 aiot.ota.status/1 aiot.ota.verify/1 aiot.pair/1 aiot.setup_code/1 aiot.sim.list/1 aiot.sim.provision.list/1 aiot.sim.ready/1 aiot.sim/1 aiot.unpair/1';  ;;
    /help) _aiotctl_words 'discover pair flash ota listen bench sim doctor config completion schema options exit-codes';  ;;
  esac
  COMPREPLY+=($(compgen -W "$verbs" -- "$cur"))
}

complete -F _aiotctl aiotctl
