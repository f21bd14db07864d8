/** What a visitor got: `whole` answers, `told` failures with their code, half of an answer, or nothing at all. */
export async function visit(url, body, patienceMs) {
  const signal = AbortSignal.timeout(patienceMs);
  const got = { status: 0, text: '', code: undefined, retryAfterS: undefined, isWhole: false, errors: 0 };
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
    got.status = response.status;
    got.retryAfterS = Number(response.headers.get('retry-after')) || undefined;
    if (/event-stream/.test(response.headers.get('content-type') ?? '')) await readEvents(response, got);
    else readWhole(await response.text(), got);
  } catch (error) {
    got.hung = error?.name === 'TimeoutError';
    got.cut = !got.hung;
  }
  return got;
}

function readWhole(body, got) {
  let parsed;
  try {
    parsed = JSON.parse(body);
  } catch {
    return; // A page of Express.
  }
  got.text = parsed.text ?? '';
  got.code = parsed.code;
  if (got.code) got.errors++;
  got.isWhole = got.status === 200 && Boolean(got.text);
}

async function readEvents(response, got) {
  let rest = '';
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '{}');
      if (/^event: done$/m.test(event)) got.isWhole = got.text !== '';
      else if (/^event: error$/m.test(event)) {
        got.errors++;
        got.code = data.code;
      } else got.text += data.text ?? '';
    }
  }
}
