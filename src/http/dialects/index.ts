import { aiSdk } from './ai-sdk.ts';
import type { DialectOf } from './dialect.ts';
import { ndjson } from './ndjson.ts';
import { openai } from './openai.ts';
import { sse } from './sse.ts';
import { text } from './text.ts';

export type DialectName = 'sse' | 'ndjson' | 'text' | 'ai-sdk' | 'openai';

/** By the name that `sendStream` takes. */
export const DIALECTS: Readonly<Record<DialectName, DialectOf>> = { sse, ndjson, text, 'ai-sdk': aiSdk, openai };
