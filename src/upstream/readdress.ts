import { type Call, vertexHost } from '../call.ts';
import type { UpstreamRequest } from './request.ts';

/** The request as a policy wants it sent: with another key, model or region than the client has asked for. */
export function readdressed(request: UpstreamRequest, asked: Call, wanted: Call): UpstreamRequest {
  const { apiKey, model, region } = wanted;
  if (!apiKey && model === asked.model && region === asked.region) return request;
  const url = inRegion(otherModel(request.url, asked.model, model), asked.region, region);
  if (!apiKey) return { ...request, url };
  const headers = new Headers(request.headers);
  const secret = apiKey.reveal();
  headers.set('x-goog-api-key', secret);
  return { ...request, url, headers, secret, secrets: [...request.secrets, ...apiKey.secrets()] };
}

/** A tuned model and an endpoint have folders of their own, in which the models of everybody are not found. */
function otherModel(url: string, asked: string, wanted: string): string {
  if (asked === wanted) return url;
  return url
    .replace(`/models/${asked}:`, `/models/${wanted}:`)
    .replace(`/tunedModels/${asked}:`, `/models/${wanted}:`)
    .replace(`/endpoints/${asked}:`, `/publishers/google/models/${wanted}:`);
}

const VERTEX = /^https:\/\/(?:aiplatform\.[a-z]+\.rep|(?:[a-z\d-]+-)?aiplatform)\.googleapis\.com\//;

function inRegion(url: string, asked: string | undefined, wanted: string | undefined): string {
  if (asked === wanted || asked === undefined || wanted === undefined) return url;
  return url.replace(VERTEX, `https://${vertexHost(wanted)}/`).replace(`/locations/${asked}/`, `/locations/${wanted}/`);
}
