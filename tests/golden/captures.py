"""Files that tests make: a room of devices in one pcap file, Bluetooth adverts in one btsnoop file, an ELF file."""

import json
import pathlib
import struct
import zlib

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
FIRST_SECOND = 1_700_000_000


def frame_of(source, target, source_port, target_port, payload, mac):
    """One UDP datagram in IPv4 in Ethernet; its UDP checksum is 0: none."""
    udp = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, address(source), address(target))
    words = struct.unpack(">10H", ip)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
    return bytes.fromhex("01005e0000fb") + bytes.fromhex(mac.replace(":", "")) + b"\x08\x00" + ip + udp


def address(text):
    return bytes(int(part) for part in text.split("."))


def name(text):
    """A DNS name; a label may hold any character but a dot."""
    return b"".join(bytes([len(label.encode())]) + label.encode() for label in text.split(".") if label) + b"\0"


def resource(owner, kind, data, ttl=120):
    return name(owner) + struct.pack(">HHIH", kind, 0x8001 if kind != 12 else 1, ttl, len(data)) + data


def service(instance, kind, host, port, texts, ip):
    """The answer of RFC 6763: PTR, SRV, TXT and A."""
    full = f"{instance}.{kind}.local"
    records = [
        resource(f"{kind}.local", 12, name(full)),
        resource(full, 33, struct.pack(">HHH", 0, 0, port) + name(host)),
        resource(full, 16, b"".join(bytes([len(t)]) + t.encode() for t in texts) or b"\0"),
        resource(host, 1, address(ip)),
    ]
    return struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)


def room():
    """What a quiet room sends: (sender, port, target, port, payload, MAC)."""
    mdns = ("224.0.0.251", 5353)
    probe_match = """<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">
<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Hello</a:Action>
<a:MessageID>urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a</a:MessageID></s:Header><s:Body><d:Hello>
<a:EndpointReference><a:Address>urn:uuid:98190dc2-0890-4ef8-ac9a-5940995e6119</a:Address></a:EndpointReference>
<d:Types>n:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/name/Door%20camera onvif://www.onvif.org/hardware/C-100</d:Scopes>
<d:XAddrs>http://192.168.7.14/onvif/device_service</d:XAddrs>
<d:MetadataVersion>1</d:MetadataVersion></d:Hello></s:Body></s:Envelope>"""
    notify = ("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n"
              "LOCATION: http://192.168.7.13:49152/description.xml\r\nNT: urn:schemas-upnp-org:device:MediaRenderer:1\r\n"
              "NTS: ssdp:alive\r\nSERVER: Linux/5.10 UPnP/1.0 Radio/2.1\r\n"
              "USN: uuid:5f9ec1b3-ed59-79bb-4530-745e3c7d5d5d::urn:schemas-upnp-org:device:MediaRenderer:1\r\n\r\n")
    links = b"</temperature>;rt=\"ucum:Cel\";obs,</info>;ct=50"
    coap = bytes.fromhex("604512ab") + b"\xc1\x28\xff" + links
    miio = bytes.fromhex("21310020") + bytes(4) + bytes.fromhex("0483f15c") + bytes.fromhex("00001234") + b"\xff" * 16
    tuya_body = json.dumps({"ip": "192.168.7.17", "gwId": "bf0123456789abcdef01", "active": 2, "ablilty": 0,
                            "encrypt": False, "productKey": "keyabcdefgh12345", "version": "3.1"}).encode()
    tuya = bytes.fromhex("000055aa0000000000000000") + struct.pack(">I", 4 + len(tuya_body) + 8) + bytes(4)
    tuya += tuya_body
    tuya += struct.pack(">I", zlib.crc32(tuya)) + bytes.fromhex("0000aa55")
    return [
        ("192.168.7.11", 5353, *mdns,
         service("A1B2C3D4E5F60718", "_matterc._udp", "lamp.local", 5540,
                 ["D=3840", "VP=65521+32768", "CM=1", "DN=Hall lamp", "SII=500"], "192.168.7.11"),
         "02:00:5e:00:07:11"),
        ("192.168.7.12", 5353, *mdns,
         service("Kitchen plug", "_hap._tcp", "plug.local", 80,
                 ["id=AA:BB:CC:DD:EE:07", "md=Plug 2", "pv=1.1", "c#=1", "s#=1", "sf=1", "ci=7"], "192.168.7.12"),
         "02:00:5e:00:07:12"),
        ("192.168.7.12", 5353, *mdns,
         service("Kitchen plug", "_http._tcp", "plug.local", 80, ["path=/"], "192.168.7.12"),
         "02:00:5e:00:07:12"),
        ("192.168.7.18", 5353, *mdns,
         service("greenhouse", "_esphomelib._tcp", "greenhouse.local", 6053,
                 ["version=2024.2.1", "mac=02005e000718", "platform=ESP32", "board=esp32dev", "network=wifi"],
                 "192.168.7.18"), "02:00:5e:00:07:18"),
        ("192.168.7.13", 1900, "239.255.255.250", 1900, notify.encode(), "02:00:5e:00:07:13"),
        ("192.168.7.14", 3702, "239.255.255.250", 3702, probe_match.encode(), "02:00:5e:00:07:14"),
        ("192.168.7.15", 5683, "192.168.7.2", 40000, coap, "02:00:5e:00:07:15"),
        ("192.168.7.16", 54321, "192.168.7.2", 40001, miio, "02:00:5e:00:07:16"),
        ("192.168.7.17", 6666, "255.255.255.255", 6666, tuya, "02:00:5e:00:07:17"),
        # No protocol that is known, and an answer that ends in the middle.
        ("192.168.7.19", 9, "192.168.7.2", 9, b"\x1b[2Jnothing", "02:00:5e:00:07:19"),
        ("192.168.7.19", 5353, *mdns, service("x", "_http._tcp", "x.local", 80, [], "192.168.7.19")[:40],
         "02:00:5e:00:07:19"),
    ]


def write_pcap(path, datagrams=None):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for index, (source, port, target, target_port, payload, mac) in enumerate(room() if datagrams is None else datagrams):
        frame = frame_of(source, target, port, target_port, payload, mac)
        out += struct.pack("<IIII", FIRST_SECOND + index, 250_000, len(frame), len(frame)) + frame
    pathlib.Path(path).write_bytes(out)


def write_btsnoop(path):
    """A phone's recording (tests/vectors), and two sensors' adverts (BTHome v2's example; a plain name)."""
    lines = (VECTORS / "capture/btsnoop_android.txt").read_text().splitlines()
    out = bytes.fromhex("".join(line for line in lines if not line.startswith("#")))
    stamp = int.from_bytes(out[32:40], "big")
    adverts = [
        ("a4c138000001", bytes.fromhex("020106" "0b094449592d73656e736f72" "0a16d2fc4002c40903bf13"), -70),
        ("a4c138000002", bytes.fromhex("020106" "0609506c616e74"), -81),
    ]
    for mac, data, rssi in adverts:
        report = bytes([0x02, 0x01, 0x00, 0x00]) + bytes.fromhex(mac)[::-1] + bytes([len(data)]) + data
        report += struct.pack("b", rssi)
        packet = bytes([0x04, 0x3E, len(report)]) + report
        stamp += 1_000_000
        out += struct.pack(">IIIIQ", len(packet), len(packet), 1, 0, stamp) + packet
    pathlib.Path(path).write_bytes(out)


def small_elf():
    """An ELF file for an ESP32-C3 with one loaded section: 16 bytes at 0x40380000."""
    code = bytes(range(16))
    names = b"\0.text\0.shstrtab\0"
    header = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01", 2, 243, 1, 0x40380000, 52, 116, 0, 52, 32,
                         1, 40, 3, 2)
    program = struct.pack("<8I", 1, 84, 0x40380000, 0x40380000, len(code), len(code), 5, 4)
    sections = bytes(40) + struct.pack("<10I", 1, 1, 6, 0x40380000, 84, len(code), 0, 0, 4, 0)
    sections += struct.pack("<10I", 7, 3, 0, 0, 236, len(names), 0, 0, 1, 0)
    return header + program + code.ljust(32, b"\0") + sections + names
