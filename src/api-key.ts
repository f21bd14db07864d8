/** One API key. Nothing shows what it is: not inspect, not JSON, not a text made of it. */
export class ApiKey {
  /** A name for it in logs, events and status. */
  readonly label: string;
  /** Whose quotas it uses up: keys of one project share them. */
  readonly project: string;
  readonly #secret: string;

  constructor(secret: string, label: string, project: string) {
    this.#secret = secret;
    this.label = label;
    this.project = project;
  }

  /** For the header that Google reads, and for nothing else. */
  reveal(): string {
    return this.#secret;
  }
}
