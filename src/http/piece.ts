/** A part of a chunk as the SDK gives it, by what is passed on of it. */
export interface Part {
  readonly text?: string;
  readonly thought?: boolean;
  readonly functionCall?: { readonly id?: string; readonly name?: string; readonly args?: unknown };
  readonly inlineData?: { readonly mimeType?: string; readonly data?: string };
}

/** A chunk of an answer as @google/genai yields it. */
export interface Chunk {
  readonly candidates?: readonly { readonly content?: { readonly parts?: readonly Part[] } }[];
  readonly modelVersion?: string;
}

/** What one chunk of an answer brings to the visitor. */
export interface Piece {
  readonly text: string;
  /** Of the thoughts that the route has asked for. */
  readonly thought?: string;
  /** All that is neither: function calls, images, code and its results. */
  readonly parts?: readonly Part[];
  /** For dialects that name it: not for every visitor. */
  readonly model?: string | undefined;
}

/** Undefined where a chunk has nothing in it for the visitor: a mere signature, an empty text, the token count. */
export function pieceOf({ candidates, modelVersion }: Chunk): Piece | undefined {
  let text = '';
  let thought = '';
  const others: Part[] = [];
  for (const part of candidates?.[0]?.content?.parts ?? []) {
    if (typeof part.text !== 'string') others.push(part);
    else if (part.thought) thought += part.text;
    else text += part.text;
  }
  const parts = others.filter(hasContent);
  if (!text && !thought && parts.length === 0) return undefined;
  const piece: Piece = { text, ...(thought ? { thought } : {}), ...(parts.length > 0 ? { parts } : {}) };
  // Not to be seen by JSON: the dialects of our own tell nobody which model serves.
  return Object.defineProperty(piece, 'model', { value: modelVersion });
}

const SILENT: ReadonlySet<string> = new Set(['thought', 'thoughtSignature', 'partMetadata', 'videoMetadata']);

function hasContent(part: Part): boolean {
  return !part.thought && Object.keys(part).some((name) => !SILENT.has(name));
}
