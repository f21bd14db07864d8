import type { Call } from '../call.ts';
import type { UpstreamRequest } from './request.ts';

/** The request as a policy wants it sent: with another key, model or region than the client has asked for. */
export function readdressed(request: UpstreamRequest, asked: Call, wanted: Call): UpstreamRequest {
  const { apiKey, model, region } = wanted;
  if (!apiKey && model === asked.model && region === undefined) return request;
  const url = inRegion(otherModel(request.url, asked.model, model), region);
  if (!apiKey) return { ...request, url };
  const headers = new Headers(request.headers);
  const secret = apiKey.reveal();
  headers.set('x-goog-api-key', secret);
  return { ...request, url, headers, secret, secrets: [...request.secrets, ...apiKey.secrets()] };
}

function otherModel(url: string, asked: string, wanted: string): string {
  return asked === wanted ? url : url.replace(`/${asked}:`, `/${wanted}:`);
}

function inRegion(url: string, region: string | undefined): string {
  if (region === undefined) return url;
  return url
    .replace(/^https:\/\/(?:[a-z\d-]+-)?aiplatform\.googleapis\.com\//, `https://${vertexHost(region)}/`)
    .replace(/\/locations\/[^/]+\//, `/locations/${region}/`);
}

/** Where a region of Vertex is called. */
export function vertexHost(region: string): string {
  return region === 'global' ? 'aiplatform.googleapis.com' : `${region}-aiplatform.googleapis.com`;
}
