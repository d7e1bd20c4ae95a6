/** Lines of JSON out of the pieces that a socket gives; one that grows beyond its bound is a failure. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

export class Lines {
  private pieces: Buffer[] = [];
  private bytes = 0;

  constructor(private readonly bytesMax: number) {}

  /** The lines that the piece has ended, without their ends. */
  push(piece: Buffer): readonly string[] {
    const ended: string[] = [];
    let rest = piece;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      this.keep(rest.subarray(0, end));
      ended.push(Buffer.concat(this.pieces).toString('utf8'));
      this.pieces = [];
      this.bytes = 0;
      rest = rest.subarray(end + 1);
    }
    this.keep(rest);
    return ended;
  }

  private keep(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.bytes > this.bytesMax) throw new LineTooLong(`A line is longer than ${this.bytesMax} bytes.`);
    if (piece.length > 0) this.pieces.push(piece);
  }
}

export const lineOf = (value: unknown): string => `${JSON.stringify(value)}\n`;
