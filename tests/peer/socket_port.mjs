import net from 'node:net';

/// What esptool-js takes for a Web Serial port: a socket, with RFC 2217's commands when it has them.
export class SocketPort {
  constructor(kind, port) {
    this.kind = kind;
    this.port = port;
  }
  getInfo() { return {}; }
  async open({ baudRate }) {
    if (!this.socket) {
      this.socket = net.connect({ port: this.port, host: '127.0.0.1', noDelay: true });
      await new Promise((done, failed) => this.socket.once('connect', done).once('error', failed));
      this.socket.on('data', (data) => this.onData(data));
      // WILL and DO: binary, suppress go-ahead; WILL com-port-option (RFC 2217, section 3)
      if (this.kind === 'rfc2217') this.raw([255, 251, 0, 255, 253, 0, 255, 251, 3, 255, 253, 3, 255, 251, 44]);
    }
    this.readable = new ReadableStream({ start: (c) => { this.controller = c; } });
    this.writable = new WritableStream({ write: (chunk) => this.send(chunk) });
    const rate = Buffer.alloc(4);
    rate.writeUInt32BE(baudRate);
    this.command(1, [...rate]);
  }
  raw(bytes) { this.socket.write(Uint8Array.from(bytes)); }
  command(code, data) {
    if (this.kind !== 'rfc2217') return;
    const escaped = data.flatMap((b) => (b === 255 ? [255, 255] : [b]));
    this.raw([255, 250, 44, code, ...escaped, 255, 240]);
  }
  send(chunk) {
    const bytes = this.kind === 'rfc2217' ? Buffer.from([...chunk].flatMap((b) => (b === 255 ? [255, 255] : [b]))) : chunk;
    return new Promise((done) => this.socket.write(bytes, done));
  }
  onData(data) {
    const plain = this.kind === 'rfc2217' ? this.untelnet(data) : data;
    if (plain.length > 0) this.controller?.enqueue(Uint8Array.from(plain));
  }
  /// Takes telnet commands out: IAC IAC, IAC SB … IAC SE, IAC WILL/WONT/DO/DONT x.
  untelnet(data) {
    const out = [];
    for (const b of data) {
      switch (this.state ?? 'data') {
        case 'data': if (b === 255) this.state = 'iac'; else out.push(b); break;
        case 'iac':
          if (b === 255) { out.push(b); this.state = 'data'; }
          else if (b === 250) this.state = 'sub';
          else this.state = b >= 251 && b <= 254 ? 'option' : 'data';
          break;
        case 'option': this.state = 'data'; break;
        case 'sub': if (b === 255) this.state = 'subiac'; break;
        case 'subiac': this.state = b === 240 ? 'data' : 'sub'; break;
      }
    }
    return out;
  }
  async setSignals({ dataTerminalReady, requestToSend }) {
    // SET-CONTROL: 8 and 9 are DTR on and off, 11 and 12 RTS on and off
    if (dataTerminalReady !== undefined) this.command(5, [dataTerminalReady ? 8 : 9]);
    if (requestToSend !== undefined) this.command(5, [requestToSend ? 11 : 12]);
  }
  async close() {
    try { this.controller?.close(); } catch { /* closed already */ }
    this.controller = undefined;
    this.readable = this.writable = null;
  }
  end() { this.socket?.destroy(); }
}
