import { isGeminiError } from './gemini-error.ts';
import { isError, linksOf } from './links.ts';
import { httpStatus, read, readText } from './safe.ts';

/** What SDKs say before or after the wire, in plain Errors without a class of their own. */
const SAYINGS =
  /^\[GoogleGenerativeAI Error\]|^Incomplete JSON segment at the end|^exception parsing stream chunk|^Could not load the default credentials|^got status: [A-Z_]+\. \{|^exception .{0,200} sending request$|^invalid model parameter$|^model is required and must be a string$/;

/** Classes of @google/genai's interactions; not exported, and called `Error` in 1.x. All carry a status and headers. */
const INTERACTIONS =
  /^(?:BadRequest|Authentication|PermissionDenied|NotFound|Conflict|UnprocessableEntity|RateLimit|InternalServer|API|APIConnection|APIConnectionTimeout|APIUserAbort)Error$/;

/**
 * Whether a thrown value is a failure of Gemini or of this guard, so that an error handler may answer it; false for every
 * other error of an app: those are not ours to answer. By shape, since an app can hold two copies of an SDK. Never throws.
 */
export function isGeminiFailure(error: unknown): boolean {
  return linksOf(error).some((link) => isGeminiError(link) || isSdkError(link));
}

function isSdkError(value: unknown): boolean {
  if (!isError(value)) return false;
  const name = textOf(value, 'name');
  const status = httpStatus(read(value, 'status'));
  if (name === 'ApiError' && status !== undefined) return true;
  if (/^GoogleGenerativeAI\w*Error$/.test(name) || SAYINGS.test(textOf(value, 'message'))) return true;
  if (name === 'ContinuationInterruptedError' || name === 'GoogleGenAiError') return true;
  return isInteractionsError(value, name);
}

/** Other SDKs generated alike (openai, @anthropic-ai) have these class names too; only Google's also have these fields. */
function isInteractionsError(value: unknown, name: string): boolean {
  const className = textOf(read(value, 'constructor'), 'name');
  if (!INTERACTIONS.test(name) && !INTERACTIONS.test(className)) return false;
  return has(value, 'statusCode') && has(value, 'rawResponse') && has(value, 'contentType');
}

function textOf(value: unknown, key: string): string {
  return readText(value, key, 256) ?? '';
}

function has(value: unknown, key: string): boolean {
  try {
    return key in (value as object);
  } catch {
    return false;
  }
}
