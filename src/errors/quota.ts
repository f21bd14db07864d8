/** Which quota a 429 names. */
export interface Quota {
  /** How often it refills: told by `quotaId`, else by the text. */
  readonly scope?: 'second' | 'minute' | 'hour' | 'day' | 'other';
  readonly id?: string;
  readonly metric?: string;
  /** The limit itself, where the answer states it. */
  readonly value?: number;
  /** Can differ from the model that was asked for: Google resolves aliases. */
  readonly model?: string;
}
