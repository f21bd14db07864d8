import { badRequest, type ErrorStatus, errorInfo, errorStatus, help, localizedMessage } from './bodies.ts';
import { cacheNotFound, fileNotFound, keyInvalid, modelNotFound as noSuchModel, tokenRefused } from './denials.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

const SERVICE = 'generativelanguage.googleapis.com';
// Google names the project by number; this one is nobody's.
const CONSUMER = 'projects/123456789012';

/** 503: the model has no room. */
export function overloaded(message = 'The model is overloaded. Please try again later.'): Reply {
  return errorFault('overloaded', errorStatus(503, 'UNAVAILABLE', message));
}

/** 503: the service, not the model. */
export function unavailable(message = 'The service is currently unavailable.'): Reply {
  return errorFault('unavailable', errorStatus(503, 'UNAVAILABLE', message));
}

/** 500. */
export function internal(
  message = 'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
): Reply {
  return errorFault('internal', errorStatus(500, 'INTERNAL', message));
}

/** 504. */
export function deadline(message = 'Deadline expired before operation could complete.'): Reply {
  return errorFault('deadline', errorStatus(504, 'DEADLINE_EXCEEDED', message));
}

/** 499 though nobody cancelled. */
export function cancelled(message = 'The operation was cancelled.'): Reply {
  return errorFault('cancelled', errorStatus(499, 'CANCELLED', message));
}

/** 501. */
export function notImplemented(message = 'Operation is not implemented, or supported, or enabled.'): Reply {
  return errorFault('notImplemented', errorStatus(501, 'UNIMPLEMENTED', message));
}

/** 400. A `field` adds BadRequest details with it. */
export function invalidArgument(message = 'Request contains an invalid argument.', field?: string): Reply {
  const details = field === undefined ? [] : [badRequest([{ field, description: message }])];
  return errorFault('invalidArgument', errorStatus(400, 'INVALID_ARGUMENT', message, details));
}

/** 400: the caller's country is not served. */
export function failedPrecondition(message = 'User location is not supported for the API use.'): Reply {
  return errorFault('failedPrecondition', errorStatus(400, 'FAILED_PRECONDITION', message));
}

/**
 * Money. `prepaid`: 402, credits used up. `freeTier`: 400, no free tier in this country. `disabled`: 403 BILLING_DISABLED.
 * @param why default `prepaid`
 */
export function billing(why: 'prepaid' | 'freeTier' | 'disabled' = 'prepaid'): Reply {
  return errorFault('billing', BILLING[why]);
}

/** 400 API_KEY_INVALID. */
export function apiKeyInvalid(message?: string): Reply {
  return errorFault('apiKeyInvalid', keyInvalid(message));
}

/** 403: Google found the key in public. */
export function apiKeyLeaked(): Reply {
  const message = 'Your API key was reported as leaked. Please use another API key.';
  return errorFault('apiKeyLeaked', errorStatus(403, 'PERMISSION_DENIED', message));
}

/** 403. A `reason` such as `API_KEY_SERVICE_BLOCKED` adds ErrorInfo. */
export function permissionDenied(message = 'The caller does not have permission', reason?: string): Reply {
  const details = reason === undefined ? [] : [errorInfo(reason, { service: SERVICE, consumer: CONSUMER })];
  return errorFault('permissionDenied', errorStatus(403, 'PERMISSION_DENIED', message, details));
}

/** 401. */
export function unauthenticated(): Reply {
  return errorFault('unauthenticated', tokenRefused());
}

/** 403 CONSUMER_SUSPENDED. As Google does, it repeats the caller's key in the message and twice in the details. */
export function suspended(): Reply {
  return errorFault('suspended', ({ call }) => {
    const containerInfo = `api_key:${call.key ?? 'unknown'}`;
    const message = `Permission denied: Consumer '${containerInfo}' has been suspended.`;
    return errorStatus(403, 'PERMISSION_DENIED', message, [
      errorInfo('CONSUMER_SUSPENDED', { consumer: CONSUMER, service: SERVICE, containerInfo }),
      localizedMessage(message),
    ]);
  });
}

/** 403 SERVICE_DISABLED: the API is not enabled in the project. */
export function serviceDisabled(): Reply {
  const url = `https://console.developers.google.com/apis/api/${SERVICE}/overview?project=123456789012`;
  const message = `Generative Language API has not been used in project 123456789012 before or it is disabled. Enable it by visiting ${url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`;
  return errorFault(
    'serviceDisabled',
    errorStatus(403, 'PERMISSION_DENIED', message, [
      help('Google developers console API activation', url),
      errorInfo('SERVICE_DISABLED', { service: SERVICE, consumer: CONSUMER }),
    ]),
  );
}

/** 404: no such model, in the words of the route that was called. */
export function modelNotFound(): Reply {
  return errorFault('modelNotFound', ({ target, call }) => noSuchModel(target, call.model ?? 'unknown'));
}

/** 403, as Google answers for it: an uploaded `file` or a `cache` that expired or is another project's. */
export function resourceNotFound(what: 'file' | 'cache' = 'file'): Reply {
  return errorFault('resourceNotFound', what === 'file' ? fileNotFound('abc123def456') : cacheNotFound());
}

/** 400: more tokens than the model takes. */
export function contextTooLong({
  tokens = 1_250_060,
  limit = 1_048_576,
}: {
  tokens?: number;
  limit?: number;
} = {}): Reply {
  const message = `The input token count (${tokens}) exceeds the maximum number of tokens allowed (${limit}).`;
  return errorFault('contextTooLong', errorStatus(400, 'INVALID_ARGUMENT', message));
}

/** Any Google error: `errorBody(409, 'ABORTED', 'The operation was aborted.')`. */
export function errorBody(code: number, status: string, message: string, details: readonly unknown[] = []): Reply {
  return errorFault('errorBody', errorStatus(code, status, message, details));
}

const BILLING: Readonly<Record<'prepaid' | 'freeTier' | 'disabled', ErrorStatus>> = {
  prepaid: errorStatus(
    402,
    'RESOURCE_EXHAUSTED',
    'Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing. Learn more at https://ai.google.dev/gemini-api/docs/billing#prepay.',
  ),
  freeTier: errorStatus(
    400,
    'FAILED_PRECONDITION',
    'Gemini API free tier is not available in your country. Please enable billing on your project in Google AI Studio.',
  ),
  disabled: errorStatus(
    403,
    'PERMISSION_DENIED',
    'This API method requires billing to be enabled. Please enable billing on project #123456789012 by visiting https://console.developers.google.com/billing/enable?project=123456789012 then retry. If you enabled billing for this project recently, wait a few minutes for the action to propagate to our systems and retry.',
    [errorInfo('BILLING_DISABLED', { service: SERVICE, consumer: CONSUMER })],
  ),
};

function errorFault(name: string, error: ErrorStatus | ((exchange: Exchange) => ErrorStatus)): Reply {
  return {
    name,
    play: (exchange) => exchange.sendError(typeof error === 'function' ? error(exchange) : error),
  };
}
