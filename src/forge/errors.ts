/** The forge could not do it now; a repeat can help. */
export class ForgeUnavailable extends Error {
  override name = 'ForgeUnavailable';
  /** Milliseconds that the forge asked to be left alone for. */
  readonly retryAfter: number | undefined;

  constructor(message: string, retryAfter?: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}
