import type { OutgoingHttpHeaders } from 'node:http';
import { embed, embedAll, predict } from './embeddings.ts';
import type { Exchange } from './exchange.ts';
import type { Generated } from './generated.ts';
import { createInteraction } from './interactions.ts';
import { DEFAULT_MODELS, modelBody, publisherModelBody } from './models.ts';
import type { Resource } from './resources.ts';

/** A good answer that no model spoke, or the Interactions API's. */
export interface RouteAnswer {
  /** Undefined is an empty body. */
  readonly body?: unknown;
  readonly headers?: OutgoingHttpHeaders;
  /** Server-sent events in place of the body; each has an `event_type`. */
  readonly events?: readonly unknown[];
}

type Route = (exchange: Exchange, generated: Generated) => RouteAnswer;

const ROUTES: Readonly<Record<string, Route>> = {
  countTokens: ({ call: { promptTokens } }) => ({
    body: { totalTokens: promptTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }] },
  }),
  embedContent: ({ call }) => ({ body: embed(call.body) }),
  batchEmbedContents: ({ call }) => ({ body: embedAll(call.body) }),
  predict: ({ call }) => ({ body: predict(call.body) }),
  'models.list': ({ settings, target }) => {
    const models = settings.models ?? DEFAULT_MODELS;
    return {
      body: target.vertex ? { publisherModels: models.map(publisherModelBody) } : { models: models.map(modelBody) },
    };
  },
  'models.get': ({ target, call }) => ({
    body: (target.vertex ? publisherModelBody : modelBody)(call.model ?? ''),
  }),
  'tunedModels.list': () => ({ body: {} }),
  'cachedContents.create': createCache,
  'files.upload.start': startUpload,
  'files.upload.finish': finishUpload,
  'interactions.create': createInteraction,
};

/** The good answer of every route but `generateContent` and its stream. */
export function routeAnswer(exchange: Exchange, generated: Generated): RouteAnswer {
  const { method, resource = '' } = exchange.target;
  const route = ROUTES[method];
  if (route) return route(exchange, generated);
  const [collection = '', verb] = method.split('.');
  if (verb === 'list') return { body: list(collection, exchange.resources.list(collection)) };
  if (verb === 'get') return { body: exchange.resources.get(collection, resource) };
  if (verb === 'delete') exchange.resources.delete(collection, resource);
  return { body: {} };
}

function list(collection: string, found: readonly Resource[]): unknown {
  // An empty list is an empty object: protobuf leaves it out.
  return found.length > 0 ? { [collection]: found } : {};
}

function createCache({ call, resources, settings }: Exchange): RouteAnswer {
  const asked = (call.body ?? {}) as { model?: string; displayName?: string };
  const time = new Date(settings.now()).toISOString();
  return {
    body: resources.add('cachedContents', (id) => ({
      name: `cachedContents/${id}`,
      model: asked.model,
      createTime: time,
      updateTime: time,
      expireTime: new Date(settings.now() + 3_600_000).toISOString(),
      displayName: asked.displayName ?? '',
      usageMetadata: { totalTokenCount: call.promptTokens },
    })),
  };
}

function startUpload({ request, call, resources }: Exchange): RouteAnswer {
  const { file } = (call.body ?? {}) as { file?: Resource };
  const mimeType = request.headers['x-goog-upload-header-content-type'] ?? 'application/octet-stream';
  let uploadId = '';
  resources.add('uploads', (id) => {
    uploadId = id;
    return { mimeType, ...file };
  });
  const url = `http://${request.headers.host}/upload/v1beta/files?upload_id=${uploadId}&upload_protocol=resumable`;
  return { headers: { 'x-goog-upload-url': url, 'x-goog-upload-status': 'active' } };
}

function finishUpload({ request, target, resources, settings }: Exchange): RouteAnswer {
  const command = String(request.headers['x-goog-upload-command'] ?? '');
  if (!command.includes('finalize')) return { headers: { 'x-goog-upload-status': 'active' } };
  const time = new Date(settings.now()).toISOString();
  const file = resources.add('files', (id) => ({
    name: `files/${id}`,
    ...resources.get('uploads', target.resource ?? ''),
    sizeBytes: request.headers['x-goog-upload-header-content-length'] ?? request.headers['content-length'] ?? '0',
    createTime: time,
    updateTime: time,
    expirationTime: new Date(settings.now() + 48 * 3_600_000).toISOString(),
    uri: `https://generativelanguage.googleapis.com/v1beta/files/${id}`,
    state: 'ACTIVE',
  }));
  return { headers: { 'x-goog-upload-status': 'final' }, body: { file } };
}
