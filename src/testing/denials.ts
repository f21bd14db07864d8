import { type ErrorStatus, errorInfo, errorStatus, localizedMessage } from './bodies.ts';
import type { Target } from './wire.ts';

const SERVICE = { service: 'generativelanguage.googleapis.com' };

/** A key Google does not know, or knows to be expired: 400, not 401. */
export function keyInvalid(message = 'API key not valid. Please pass a valid API key.'): ErrorStatus {
  return errorStatus(400, 'INVALID_ARGUMENT', message, [
    errorInfo('API_KEY_INVALID', SERVICE),
    localizedMessage(message),
  ]);
}

export function keyMissing(): ErrorStatus {
  return errorStatus(
    403,
    'PERMISSION_DENIED',
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  );
}

const OAUTH =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';

export function vertexKeyMissing(): ErrorStatus {
  const message = `Request is missing required authentication credential. ${OAUTH}`;
  return errorStatus(401, 'UNAUTHENTICATED', message, [
    errorInfo('CREDENTIALS_MISSING', {
      method: 'google.cloud.aiplatform.v1beta1.PredictionService.GenerateContent',
      service: 'aiplatform.googleapis.com',
    }),
  ]);
}

/** A bearer token of the wrong sort or past its time. */
export function tokenRefused(): ErrorStatus {
  return errorStatus(401, 'UNAUTHENTICATED', `Request had invalid authentication credentials. ${OAUTH}`, [
    errorInfo('ACCESS_TOKEN_TYPE_UNSUPPORTED', {
      method: 'google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent',
      ...SERVICE,
    }),
  ]);
}

/** No such model, or not for this method, in the words of the route. */
export function modelNotFound(
  { vertex, vertexProject = 'fake-project', method, apiVersion }: Target,
  model: string,
): ErrorStatus {
  if (vertex) {
    const name = `projects/${vertexProject}/locations/global/publishers/google/models/${model}`;
    const more = 'https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions';
    return errorStatus(
      404,
      'NOT_FOUND',
      `Publisher Model \`${name}\` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: ${more}`,
    );
  }
  if (method === 'models.get') {
    return errorStatus(404, 'NOT_FOUND', `Model is not found: models/${model} for api version ${apiVersion}`);
  }
  const what = method === 'streamGenerateContent' ? 'generateContent' : method;
  return errorStatus(
    404,
    'NOT_FOUND',
    `models/${model} is not found for API version ${apiVersion}, or is not supported for ${what}. Call ListModels to see the list of available models and their supported methods.`,
  );
}

/** An uploaded file that expired, or is another project's: 403, not 404. */
export function fileNotFound(id: string): ErrorStatus {
  return errorStatus(
    403,
    'PERMISSION_DENIED',
    `You do not have permission to access the File ${id} or it may not exist.`,
  );
}

export function cacheNotFound(): ErrorStatus {
  return errorStatus(403, 'PERMISSION_DENIED', 'CachedContent not found (or permission denied)');
}

export function interactionNotFound(): ErrorStatus {
  return errorStatus(404, 'NOT_FOUND', 'Failed to get completed interaction: Result not found.');
}
