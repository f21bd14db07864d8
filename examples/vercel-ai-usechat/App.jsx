import { useChat } from '@ai-sdk/react';
import { toProblem } from 'gemini-guard/frontend';
import { useRetryCountdown } from 'gemini-guard/frontend/react';
import { createRoot } from 'react-dom/client';

function Chat() {
  const { messages, error, status, sendMessage, regenerate } = useChat();
  // Before the first word it is the answer of the server, later the last frame of the stream: the same problem in both.
  const problem = error && toProblem(error);
  const { seconds, canRetry } = useRetryCountdown(problem);

  function ask(event) {
    event.preventDefault();
    const form = event.currentTarget;
    sendMessage({ text: new FormData(form).get('question') });
    form.reset();
  }

  return (
    <main>
      {messages.map(({ id, role, parts }) => (
        <p key={id} data-role={role}>
          {parts.map((part) => (part.type === 'text' ? part.text : ''))}
        </p>
      ))}
      {problem && (
        <div>
          <p role="alert">{problem.detail}</p>
          {problem.retryable && (
            <button type="button" disabled={!canRetry} onClick={() => regenerate()}>
              {seconds > 0 ? `Try again in ${seconds} s` : 'Try again'}
            </button>
          )}
        </div>
      )}
      <form onSubmit={ask}>
        <label>
          Your question <input name="question" autoComplete="off" required />
        </label>
        <button type="submit" disabled={status === 'submitted' || status === 'streaming'}>
          Ask
        </button>
      </form>
    </main>
  );
}

createRoot(document.getElementById('root')).render(<Chat />);
