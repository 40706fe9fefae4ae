/** What a parser answers instead of a value when the text is wrong: a sentence, and the way out. */
export class Problem {
  readonly message: string;
  readonly fix: string;

  constructor(message: string, fix: string) {
    this.message = message;
    this.fix = fix;
  }
}
