import type { Code } from '../errors/kinds.ts';
import { CODES } from '../errors/kinds.ts';
import { either, flag, readOptions, text } from '../options.ts';
import type { AnswerOptions, Format, Part } from '../part.ts';
import type { Policy } from '../policy.ts';

export interface ErrorNormalizerOptions {
  /**
   * Adds `kind`, `upstream` and `attempts` to the answer: for development.
   * @default false strangers learn neither bills nor models nor what Google said
   */
  expose?: boolean;
  /**
   * Another HTTP status for a code, e.g. `{ timeout: 504 }`.
   * @default {} proxies replace the bodies of 502 and 504, so none is used
   */
  statusMap?: Partial<Record<Code, number>>;
  /**
   * Makes `type` a link: `<typeBase><code>`.
   * @default urn:gemini-guard: a link that leads nowhere is worse than a name
   */
  typeBase?: string;
  /**
   * `problem` (RFC 9457), `google` or `openai` (for clients that read those), or your own function.
   * @default 'problem'
   */
  format?: 'problem' | 'google' | 'openai' | Format;
  /**
   * Whether an answer that was blocked by policy, is empty or malformed is a failure. `false` lets it pass as the SDK gives it:
   * then the route has to look at `promptFeedback` and `finishReason`.
   * @default true most routes look at `text` alone, and would answer with nothing
   */
  rejectBlocked?: boolean;
}

const FORMATS: readonly unknown[] = ['problem', 'google', 'openai'];

/** Anything thrown becomes a GeminiError, and that becomes the answer. */
export function errorNormalizerPart(options?: ErrorNormalizerOptions): Part {
  const { rejectBlocked, ...answer }: AnswerOptions & { rejectBlocked: boolean } = readOptions(
    'errorNormalizer',
    options,
    {
      expose: flag,
      statusMap: either('an object of code to HTTP status from 400 to 599', isStatusMap),
      typeBase: text,
      format: either(
        "'problem', 'google', 'openai' or a function",
        (value) => FORMATS.includes(value) || typeof value === 'function',
      ),
      rejectBlocked: flag,
    },
    { expose: false, statusMap: {}, format: 'problem' as const, rejectBlocked: true },
  );
  return { name: 'errorNormalizer', answer, ...(rejectBlocked ? {} : { policy: lettingBlockedPass }) };
}

const lettingBlockedPass: Policy = function errorNormalizer(call, next) {
  return next({ ...call, rejectBlocked: false });
};

function isStatusMap(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(
      ([code, status]) => Object.hasOwn(CODES, code) && Number.isInteger(status) && status >= 400 && status <= 599,
    )
  );
}
