/** The lines of an event stream, which end in LF, CR or CRLF (WHATWG HTML §9.2.5): each is out as soon as its end has come. */
export class EventLines {
  #afterCr = false;
  /** The beginning of a line whose end is still to come. */
  #pending = '';

  get pendingLength(): number {
    return this.#pending.length;
  }

  /** Each character is looked at once, however many pieces a line has. */
  *split(text: string): Generator<string, void, undefined> {
    if (text === '') return;
    let start = this.#afterCr && text.startsWith('\n') ? 1 : 0;
    this.#afterCr = false;
    const ends = /\r\n?|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      const line = this.#pending + text.slice(start, end.index);
      this.#pending = '';
      start = ends.lastIndex;
      this.#afterCr = start === text.length && end[0] === '\r';
      yield line;
    }
    this.#pending += text.slice(start);
  }
}
