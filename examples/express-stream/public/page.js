import { countdown, readStream, toProblem } from '/gemini-guard/index.js';

const element = (id) => document.getElementById(id);
const [form, question, answer, note] = ['form', 'question', 'answer', 'note'].map(element);
const [problemBox, detail, again] = ['problem', 'detail', 'again'].map(element);

/** Ends what is under way: the request and with it the call of Gemini, or the wait. */
let current = new AbortController();

form.addEventListener('submit', (event) => {
  event.preventDefault();
  ask(question.value);
});
again.addEventListener('click', () => again.getAttribute('aria-disabled') !== 'true' && ask(question.value));

/** The page tries again once by itself, when the server has said how long to wait. */
async function ask(text, isRetry = false) {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  answer.textContent = note.textContent = detail.textContent = '';
  problemBox.hidden = true;
  answer.setAttribute('aria-busy', 'true');
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch('/ask', { method: 'POST', headers, body: JSON.stringify({ question: text }), signal });
    for await (const message of readStream(response)) {
      const piece = JSON.parse(message);
      answer.append(piece.text);
      if (piece.truncated) note.textContent = 'The answer was cut short.';
    }
  } catch (error) {
    if (!signal.aborted) show(toProblem(error), () => !isRetry && ask(text, true), signal);
  } finally {
    if (!signal.aborted) answer.setAttribute('aria-busy', 'false');
  }
}

/** A sentence, and where it helps a button that waits as long as the server asks. */
async function show({ detail: sentence, retryable, retryAfterMs }, retry, signal) {
  if (answer.textContent) note.textContent = 'The answer broke off here.';
  problemBox.hidden = false;
  detail.textContent = sentence;
  again.hidden = !retryable;
  if (!retryable) return;
  again.setAttribute('aria-disabled', String(retryAfterMs > 0));
  again.textContent = 'Try again';
  if (!retryAfterMs) return;
  const tick = (seconds) => {
    again.textContent = seconds > 0 ? `Try again in ${seconds} s` : 'Try again';
  };
  try {
    await countdown(retryAfterMs, tick, signal);
  } catch {
    return; // Somebody has asked something else.
  }
  again.setAttribute('aria-disabled', 'false');
  retry();
}
