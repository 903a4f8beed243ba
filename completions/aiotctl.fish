# fish completion for aiotctl. Generated from its option data; do not edit.

function __aiotctl_ports
    for port in /dev/serial/by-id/* /dev/ttyUSB* /dev/ttyACM*
        test -e $port; and echo $port
    end
    # What the last `aiotctl discover` found.
    set -l cache $XDG_CACHE_HOME
    test -n "$cache"; or set cache $HOME/.cache
    test -r $cache/aiot/discovered; and cat $cache/aiot/discovered
end

# The command being typed, as a path: "flash write".
function __aiotctl_path
    set -l path
    for word in (commandline -opc)[2..-1]
        switch "$path $word"
            case ' discover'
                set path discover
            case ' flash'
                set path flash
            case 'flash write'
                set path flash write
            case 'flash read'
                set path flash read
            case 'flash verify'
                set path flash verify
            case 'flash erase'
                set path flash erase
            case 'flash info'
                set path flash info
            case 'flash reset'
                set path flash reset
            case 'flash image'
                set path flash image
            case 'flash merge'
                set path flash merge
            case ' sim'
                set path sim
            case ' config'
                set path config
            case 'config show'
                set path config show
            case 'config path'
                set path config path
            case ' completion'
                set path completion
            case ' schema'
                set path schema
            case ' help'
                set path help
        end
    end
    echo "$path"
end

function __aiotctl_at
    test (__aiotctl_path) = "$argv"
end

complete -c aiotctl -f
complete -c aiotctl -l json -d 'Print one JSON document on standard output'
complete -c aiotctl -l jsonl -d 'Print every event as a line of JSON on standard output'
complete -c aiotctl -s q -l quiet -d 'Print errors and results only'
complete -c aiotctl -s v -l verbose -d 'Say more; twice, say everything'
complete -c aiotctl -l color -xa 'auto always never' -d 'Colour on terminals; the variable NO_COLOR turns it off too'
complete -c aiotctl -l no-input -d 'Never ask; fail where a question would be asked'
complete -c aiotctl -s y -l yes -d 'Answer every question with yes'
complete -c aiotctl -s n -l dry-run -d 'Say what would be done; change nothing'
complete -c aiotctl -l config -rF -d 'Read this configuration file and no other'
complete -c aiotctl -l timeout -x -d 'Give each device this long in all: 30s, 2m'
complete -c aiotctl -l log-file -rF -d 'Append every event to FILE as text'
complete -c aiotctl -s V -l version -d 'Print the version'
complete -c aiotctl -s h -l help -d 'Print this help'
complete -c aiotctl -n '__aiotctl_at ' -a discover -d 'find the devices in the room, one line each'
complete -c aiotctl -n '__aiotctl_at ' -a flash -d 'write, read, verify and explain the flash of ESP devices'
complete -c aiotctl -n '__aiotctl_at ' -a sim -d 'run virtual devices: to learn, to demonstrate, to inject faults'
complete -c aiotctl -n '__aiotctl_at ' -a config -d 'show the settings and where they come from'
complete -c aiotctl -n '__aiotctl_at ' -a completion -d 'print the completion script of a shell'
complete -c aiotctl -n '__aiotctl_at ' -a schema -d 'print the JSON Schema of an output'
complete -c aiotctl -n '__aiotctl_at ' -a help -d 'explain a command, or the exit codes'
complete -c aiotctl -n '__aiotctl_at discover' -s w -l where -x -d 'Only devices that match, such as \'ecosystem=matter state=unprovisioned\''
complete -c aiotctl -n '__aiotctl_at discover' -l only -xa 'alibaba ble coap mdns miio tuya usb wifi' -d 'Look in this way alone; may be repeated; --list shows all'
complete -c aiotctl -n '__aiotctl_at discover' -l except -xa 'alibaba ble coap mdns miio tuya usb wifi' -d 'Do not look in this way; may be repeated'
complete -c aiotctl -n '__aiotctl_at discover' -s i -l interface -x -d 'Look on this network interface alone; may be repeated'
complete -c aiotctl -n '__aiotctl_at discover' -l subnet -x -d 'Ask each address of NETWORK too, such as 192.168.1.0/24: routed networks'
complete -c aiotctl -n '__aiotctl_at discover' -l keys -rF -d 'Bind keys of encrypted adverts, MAC: KEY a line'
complete -c aiotctl -n '__aiotctl_at discover' -l probe -d 'Open serial ports and ask the chips who they are'
complete -c aiotctl -n '__aiotctl_at discover' -l watch -d 'Go on, and say what comes, changes and goes'
complete -c aiotctl -n '__aiotctl_at discover' -l pcap -rF -d 'Read packets from a capture instead of looking'
complete -c aiotctl -n '__aiotctl_at discover' -l btsnoop -rF -d 'Read Bluetooth adverts from a capture instead of looking'
complete -c aiotctl -n '__aiotctl_at discover' -l list -d 'Show the ways to look'
complete -c aiotctl -n '__aiotctl_at flash' -a write -d 'write images, verify them, and start the application'
complete -c aiotctl -n '__aiotctl_at flash' -a read -d 'read flash into a file'
complete -c aiotctl -n '__aiotctl_at flash' -a verify -d 'compare images with what the flash holds'
complete -c aiotctl -n '__aiotctl_at flash' -a erase -d 'erase a region, a partition or the whole chip'
complete -c aiotctl -n '__aiotctl_at flash' -a info -d 'say what is connected'
complete -c aiotctl -n '__aiotctl_at flash' -a reset -d 'restart the application, or enter the loader with --after loader'
complete -c aiotctl -n '__aiotctl_at flash' -a image -d 'explain a firmware file, or convert it; needs no device'
complete -c aiotctl -n '__aiotctl_at flash' -a merge -d 'make one image of many; needs no device'
complete -c aiotctl -n '__aiotctl_at flash' -a '(__aiotctl_ports)'
complete -c aiotctl -n '__aiotctl_at flash' -F
complete -c aiotctl -n '__aiotctl_at flash' -l full -d 'Write every sector, also those that hold the bytes already'
complete -c aiotctl -n '__aiotctl_at flash' -l erase-all -d 'Erase the whole chip first'
complete -c aiotctl -n '__aiotctl_at flash' -l no-verify -d 'Do not compare afterwards'
complete -c aiotctl -n '__aiotctl_at flash' -l each -x -d 'Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60'
complete -c aiotctl -n '__aiotctl_at flash' -l devices -rF -d 'Devices from a file, an address or a JSON line each; - is standard input'
complete -c aiotctl -n '__aiotctl_at flash' -s j -l jobs -x -d 'Serve N devices at once; all by default'
complete -c aiotctl -n '__aiotctl_at flash' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'Insist on this chip, such as esp32c3; any by default'
complete -c aiotctl -n '__aiotctl_at flash' -s b -l baud -x -d 'Serial speed; by default the fastest that works is found'
complete -c aiotctl -n '__aiotctl_at flash' -l before -xa 'auto classic usb-jtag none' -d 'How to bring the chip into its loader'
complete -c aiotctl -n '__aiotctl_at flash' -l after -xa 'reset loader' -d 'What to leave behind'
complete -c aiotctl -n '__aiotctl_at flash' -l no-stub -d 'Talk to the chip\'s ROM; slower, and it cannot do everything'
complete -c aiotctl -n '__aiotctl_at flash' -l stub -xa '(__fish_complete_directories)' -d 'Take flasher stubs from DIR'
complete -c aiotctl -n '__aiotctl_at flash' -l trace -rF -d 'Write every byte on the wire to FILE, with times; %d is the device\'s number'
complete -c aiotctl -n '__aiotctl_at flash' -s f -l force -d 'Go on where a check refuses and it can make sense'
complete -c aiotctl -n '__aiotctl_at flash' -l flash-mode -xa 'keep qio qout dio dout' -d 'Set the flash mode in the boot loader\'s header'
complete -c aiotctl -n '__aiotctl_at flash' -l flash-freq -x -d 'Set the flash frequency in it: keep, 80m, 40m, 26m, 20m, …'
complete -c aiotctl -n '__aiotctl_at flash' -l flash-size -x -d 'Set the flash size in it: keep, 4MB, …, or detect for the device\'s own'
complete -c aiotctl -n '__aiotctl_at flash write' -a '(__aiotctl_ports)'
complete -c aiotctl -n '__aiotctl_at flash write' -F
complete -c aiotctl -n '__aiotctl_at flash write' -l full -d 'Write every sector, also those that hold the bytes already'
complete -c aiotctl -n '__aiotctl_at flash write' -l erase-all -d 'Erase the whole chip first'
complete -c aiotctl -n '__aiotctl_at flash write' -l no-verify -d 'Do not compare afterwards'
complete -c aiotctl -n '__aiotctl_at flash write' -l each -x -d 'Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60'
complete -c aiotctl -n '__aiotctl_at flash write' -l devices -rF -d 'Devices from a file, an address or a JSON line each; - is standard input'
complete -c aiotctl -n '__aiotctl_at flash write' -s j -l jobs -x -d 'Serve N devices at once; all by default'
complete -c aiotctl -n '__aiotctl_at flash write' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'Insist on this chip, such as esp32c3; any by default'
complete -c aiotctl -n '__aiotctl_at flash write' -s b -l baud -x -d 'Serial speed; by default the fastest that works is found'
complete -c aiotctl -n '__aiotctl_at flash write' -l before -xa 'auto classic usb-jtag none' -d 'How to bring the chip into its loader'
complete -c aiotctl -n '__aiotctl_at flash write' -l after -xa 'reset loader' -d 'What to leave behind'
complete -c aiotctl -n '__aiotctl_at flash write' -l no-stub -d 'Talk to the chip\'s ROM; slower, and it cannot do everything'
complete -c aiotctl -n '__aiotctl_at flash write' -l stub -xa '(__fish_complete_directories)' -d 'Take flasher stubs from DIR'
complete -c aiotctl -n '__aiotctl_at flash write' -l trace -rF -d 'Write every byte on the wire to FILE, with times; %d is the device\'s number'
complete -c aiotctl -n '__aiotctl_at flash write' -s f -l force -d 'Go on where a check refuses and it can make sense'
complete -c aiotctl -n '__aiotctl_at flash write' -l flash-mode -xa 'keep qio qout dio dout' -d 'Set the flash mode in the boot loader\'s header'
complete -c aiotctl -n '__aiotctl_at flash write' -l flash-freq -x -d 'Set the flash frequency in it: keep, 80m, 40m, 26m, 20m, …'
complete -c aiotctl -n '__aiotctl_at flash write' -l flash-size -x -d 'Set the flash size in it: keep, 4MB, …, or detect for the device\'s own'
complete -c aiotctl -n '__aiotctl_at flash read' -a '(__aiotctl_ports)'
complete -c aiotctl -n '__aiotctl_at flash read' -s o -l output -rF -d 'Where the bytes go (needed)'
complete -c aiotctl -n '__aiotctl_at flash read' -s p -l partition -x -d 'The partition of this name in the device\'s own table'
complete -c aiotctl -n '__aiotctl_at flash read' -l offset -x -d 'Where the part begins: 0x10000, 64k'
complete -c aiotctl -n '__aiotctl_at flash read' -l size -x -d 'How long it is; with --offset'
complete -c aiotctl -n '__aiotctl_at flash read' -s a -l all -d 'The whole flash'
complete -c aiotctl -n '__aiotctl_at flash read' -l each -x -d 'Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60'
complete -c aiotctl -n '__aiotctl_at flash read' -l devices -rF -d 'Devices from a file, an address or a JSON line each; - is standard input'
complete -c aiotctl -n '__aiotctl_at flash read' -s j -l jobs -x -d 'Serve N devices at once; all by default'
complete -c aiotctl -n '__aiotctl_at flash read' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'Insist on this chip, such as esp32c3; any by default'
complete -c aiotctl -n '__aiotctl_at flash read' -s b -l baud -x -d 'Serial speed; by default the fastest that works is found'
complete -c aiotctl -n '__aiotctl_at flash read' -l before -xa 'auto classic usb-jtag none' -d 'How to bring the chip into its loader'
complete -c aiotctl -n '__aiotctl_at flash read' -l after -xa 'reset loader' -d 'What to leave behind'
complete -c aiotctl -n '__aiotctl_at flash read' -l no-stub -d 'Talk to the chip\'s ROM; slower, and it cannot do everything'
complete -c aiotctl -n '__aiotctl_at flash read' -l stub -xa '(__fish_complete_directories)' -d 'Take flasher stubs from DIR'
complete -c aiotctl -n '__aiotctl_at flash read' -l trace -rF -d 'Write every byte on the wire to FILE, with times; %d is the device\'s number'
complete -c aiotctl -n '__aiotctl_at flash read' -s f -l force -d 'Go on where a check refuses and it can make sense'
complete -c aiotctl -n '__aiotctl_at flash verify' -a '(__aiotctl_ports)'
complete -c aiotctl -n '__aiotctl_at flash verify' -F
complete -c aiotctl -n '__aiotctl_at flash verify' -l each -x -d 'Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60'
complete -c aiotctl -n '__aiotctl_at flash verify' -l devices -rF -d 'Devices from a file, an address or a JSON line each; - is standard input'
complete -c aiotctl -n '__aiotctl_at flash verify' -s j -l jobs -x -d 'Serve N devices at once; all by default'
complete -c aiotctl -n '__aiotctl_at flash verify' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'Insist on this chip, such as esp32c3; any by default'
complete -c aiotctl -n '__aiotctl_at flash verify' -s b -l baud -x -d 'Serial speed; by default the fastest that works is found'
complete -c aiotctl -n '__aiotctl_at flash verify' -l before -xa 'auto classic usb-jtag none' -d 'How to bring the chip into its loader'
complete -c aiotctl -n '__aiotctl_at flash verify' -l after -xa 'reset loader' -d 'What to leave behind'
complete -c aiotctl -n '__aiotctl_at flash verify' -l no-stub -d 'Talk to the chip\'s ROM; slower, and it cannot do everything'
complete -c aiotctl -n '__aiotctl_at flash verify' -l stub -xa '(__fish_complete_directories)' -d 'Take flasher stubs from DIR'
complete -c aiotctl -n '__aiotctl_at flash verify' -l trace -rF -d 'Write every byte on the wire to FILE, with times; %d is the device\'s number'
complete -c aiotctl -n '__aiotctl_at flash verify' -s f -l force -d 'Go on where a check refuses and it can make sense'
complete -c aiotctl -n '__aiotctl_at flash verify' -l flash-mode -xa 'keep qio qout dio dout' -d 'Set the flash mode in the boot loader\'s header'
complete -c aiotctl -n '__aiotctl_at flash verify' -l flash-freq -x -d 'Set the flash frequency in it: keep, 80m, 40m, 26m, 20m, …'
complete -c aiotctl -n '__aiotctl_at flash verify' -l flash-size -x -d 'Set the flash size in it: keep, 4MB, …, or detect for the device\'s own'
complete -c aiotctl -n '__aiotctl_at flash erase' -a '(__aiotctl_ports)'
complete -c aiotctl -n '__aiotctl_at flash erase' -s p -l partition -x -d 'The partition of this name in the device\'s own table'
complete -c aiotctl -n '__aiotctl_at flash erase' -l offset -x -d 'Where the part begins: 0x10000, 64k'
complete -c aiotctl -n '__aiotctl_at flash erase' -l size -x -d 'How long it is; with --offset'
complete -c aiotctl -n '__aiotctl_at flash erase' -s a -l all -d 'The whole flash'
complete -c aiotctl -n '__aiotctl_at flash erase' -l each -x -d 'Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60'
complete -c aiotctl -n '__aiotctl_at flash erase' -l devices -rF -d 'Devices from a file, an address or a JSON line each; - is standard input'
complete -c aiotctl -n '__aiotctl_at flash erase' -s j -l jobs -x -d 'Serve N devices at once; all by default'
complete -c aiotctl -n '__aiotctl_at flash erase' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'Insist on this chip, such as esp32c3; any by default'
complete -c aiotctl -n '__aiotctl_at flash erase' -s b -l baud -x -d 'Serial speed; by default the fastest that works is found'
complete -c aiotctl -n '__aiotctl_at flash erase' -l before -xa 'auto classic usb-jtag none' -d 'How to bring the chip into its loader'
complete -c aiotctl -n '__aiotctl_at flash erase' -l after -xa 'reset loader' -d 'What to leave behind'
complete -c aiotctl -n '__aiotctl_at flash erase' -l no-stub -d 'Talk to the chip\'s ROM; slower, and it cannot do everything'
complete -c aiotctl -n '__aiotctl_at flash erase' -l stub -xa '(__fish_complete_directories)' -d 'Take flasher stubs from DIR'
complete -c aiotctl -n '__aiotctl_at flash erase' -l trace -rF -d 'Write every byte on the wire to FILE, with times; %d is the device\'s number'
complete -c aiotctl -n '__aiotctl_at flash erase' -s f -l force -d 'Go on where a check refuses and it can make sense'
complete -c aiotctl -n '__aiotctl_at flash info' -a '(__aiotctl_ports)'
complete -c aiotctl -n '__aiotctl_at flash info' -l each -x -d 'Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60'
complete -c aiotctl -n '__aiotctl_at flash info' -l devices -rF -d 'Devices from a file, an address or a JSON line each; - is standard input'
complete -c aiotctl -n '__aiotctl_at flash info' -s j -l jobs -x -d 'Serve N devices at once; all by default'
complete -c aiotctl -n '__aiotctl_at flash info' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'Insist on this chip, such as esp32c3; any by default'
complete -c aiotctl -n '__aiotctl_at flash info' -s b -l baud -x -d 'Serial speed; by default the fastest that works is found'
complete -c aiotctl -n '__aiotctl_at flash info' -l before -xa 'auto classic usb-jtag none' -d 'How to bring the chip into its loader'
complete -c aiotctl -n '__aiotctl_at flash info' -l after -xa 'reset loader' -d 'What to leave behind'
complete -c aiotctl -n '__aiotctl_at flash info' -l no-stub -d 'Talk to the chip\'s ROM; slower, and it cannot do everything'
complete -c aiotctl -n '__aiotctl_at flash info' -l stub -xa '(__fish_complete_directories)' -d 'Take flasher stubs from DIR'
complete -c aiotctl -n '__aiotctl_at flash info' -l trace -rF -d 'Write every byte on the wire to FILE, with times; %d is the device\'s number'
complete -c aiotctl -n '__aiotctl_at flash info' -s f -l force -d 'Go on where a check refuses and it can make sense'
complete -c aiotctl -n '__aiotctl_at flash reset' -a '(__aiotctl_ports)'
complete -c aiotctl -n '__aiotctl_at flash reset' -l each -x -d 'Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60'
complete -c aiotctl -n '__aiotctl_at flash reset' -l devices -rF -d 'Devices from a file, an address or a JSON line each; - is standard input'
complete -c aiotctl -n '__aiotctl_at flash reset' -s j -l jobs -x -d 'Serve N devices at once; all by default'
complete -c aiotctl -n '__aiotctl_at flash reset' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'Insist on this chip, such as esp32c3; any by default'
complete -c aiotctl -n '__aiotctl_at flash reset' -s b -l baud -x -d 'Serial speed; by default the fastest that works is found'
complete -c aiotctl -n '__aiotctl_at flash reset' -l before -xa 'auto classic usb-jtag none' -d 'How to bring the chip into its loader'
complete -c aiotctl -n '__aiotctl_at flash reset' -l after -xa 'reset loader' -d 'What to leave behind'
complete -c aiotctl -n '__aiotctl_at flash reset' -l no-stub -d 'Talk to the chip\'s ROM; slower, and it cannot do everything'
complete -c aiotctl -n '__aiotctl_at flash reset' -l stub -xa '(__fish_complete_directories)' -d 'Take flasher stubs from DIR'
complete -c aiotctl -n '__aiotctl_at flash reset' -l trace -rF -d 'Write every byte on the wire to FILE, with times; %d is the device\'s number'
complete -c aiotctl -n '__aiotctl_at flash reset' -s f -l force -d 'Go on where a check refuses and it can make sense'
complete -c aiotctl -n '__aiotctl_at flash image' -F
complete -c aiotctl -n '__aiotctl_at flash image' -l convert -xa 'raw hex elf-segments esp-image partition-csv partition-table' -d 'Write it in another form, to --output'
complete -c aiotctl -n '__aiotctl_at flash image' -s o -l output -rF -d 'Where the converted file goes'
complete -c aiotctl -n '__aiotctl_at flash image' -l offset -x -d 'Where in flash a raw file begins, for hex'
complete -c aiotctl -n '__aiotctl_at flash image' -l fill -x -d 'Fill gaps with this byte, for raw'
complete -c aiotctl -n '__aiotctl_at flash image' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'The chip, for esp-image, where the ELF does not tell'
complete -c aiotctl -n '__aiotctl_at flash image' -l flash-mode -xa 'keep qio qout dio dout' -d 'Set the flash mode in the boot loader\'s header'
complete -c aiotctl -n '__aiotctl_at flash image' -l flash-freq -x -d 'Set the flash frequency in it: keep, 80m, 40m, 26m, 20m, …'
complete -c aiotctl -n '__aiotctl_at flash image' -l flash-size -x -d 'Set the flash size in it: keep, 4MB, …, or detect for the device\'s own'
complete -c aiotctl -n '__aiotctl_at flash merge' -F
complete -c aiotctl -n '__aiotctl_at flash merge' -s o -l output -rF -d 'Where the image goes (needed)'
complete -c aiotctl -n '__aiotctl_at flash merge' -s c -l chip -xa 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266' -d 'The chip, where the images do not tell'
complete -c aiotctl -n '__aiotctl_at flash merge' -l fill -x -d 'Fill gaps with this byte'
complete -c aiotctl -n '__aiotctl_at flash merge' -l pad-to -x -d 'Fill the end up to this size, such as 4MB'
complete -c aiotctl -n '__aiotctl_at flash merge' -l base -x -d 'Flash offset of the output\'s first byte'
complete -c aiotctl -n '__aiotctl_at flash merge' -l keep-existing -d 'Fail where the output exists already'
complete -c aiotctl -n '__aiotctl_at flash merge' -l flash-mode -xa 'keep qio qout dio dout' -d 'Set the flash mode in the boot loader\'s header'
complete -c aiotctl -n '__aiotctl_at flash merge' -l flash-freq -x -d 'Set the flash frequency in it: keep, 80m, 40m, 26m, 20m, …'
complete -c aiotctl -n '__aiotctl_at flash merge' -l flash-size -x -d 'Set the flash size in it: keep, 4MB, …, or detect for the device\'s own'
complete -c aiotctl -n '__aiotctl_at sim' -a 'esp32 esp32c2 esp32c3 esp32c5 esp32c6 esp32h2 esp32p4 esp32s2 esp32s3 esp8266'
complete -c aiotctl -n '__aiotctl_at sim' -s p -l port -x -d 'Where it listens: pty, tcp:PORT or rfc2217:PORT; port 0 takes a free one [pty]'
complete -c aiotctl -n '__aiotctl_at sim' -l count -x -d 'How many; each has its own MAC and flash'
complete -c aiotctl -n '__aiotctl_at sim' -l flash -rF -d 'Keep the flash in FILE, with {n} for the number; in memory by default'
complete -c aiotctl -n '__aiotctl_at sim' -l flash-size -x -d 'Size of the flash, such as 4MB'
complete -c aiotctl -n '__aiotctl_at sim' -l baud-limit -x -d 'Garble what is faster than this, as a poor cable does'
complete -c aiotctl -n '__aiotctl_at sim' -l fault -xa 'drop corrupt corrupt-reply lose lose-reply stall reset wrong-mac write-protected power-cut no-stub secure-boot flash-encryption secure-download garbage duplicate slow' -d 'Something that goes wrong; may be repeated; --list shows all'
complete -c aiotctl -n '__aiotctl_at sim' -l mac -x -d 'MAC of the first device'
complete -c aiotctl -n '__aiotctl_at sim' -l profile -xa 'default fast' -d 'How fast its parts are; --list shows all'
complete -c aiotctl -n '__aiotctl_at sim' -l seed -x -d 'For faults that choose at random'
complete -c aiotctl -n '__aiotctl_at sim' -l app -d 'Start in the application, as a fresh board does'
complete -c aiotctl -n '__aiotctl_at sim' -l list -d 'Show the devices, faults and profiles there are'
complete -c aiotctl -n '__aiotctl_at config' -a show -d 'show every setting'
complete -c aiotctl -n '__aiotctl_at config' -a path -d 'show the configuration files that are read'
complete -c aiotctl -n '__aiotctl_at config show' -l origin -d 'Say where each value comes from'
complete -c aiotctl -n '__aiotctl_at completion' -a 'bash zsh fish'
complete -c aiotctl -n '__aiotctl_at schema' -a 'aiot.config/1 aiot.convert/1 aiot.device/1 aiot.discover.list/1 aiot.discover/1 aiot.error/1 aiot.event/1 aiot.flash/1 aiot.image/1 aiot.merge/1 aiot.sim.list/1 aiot.sim.ready/1 aiot.sim/1'
complete -c aiotctl -n '__aiotctl_at help' -a 'flash sim config completion schema exit-codes'
