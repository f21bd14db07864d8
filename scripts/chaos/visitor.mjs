// A visitor with one question: what became of it, in one word, and the text of the answer.
import { get } from 'node:http';

export function visit(port, model, question) {
  return new Promise((resolve) => {
    const cut = () => resolve({ outcome: 'cut' });
    get({ port, path: `/${model}/${encodeURIComponent(question)}`, agent: false }, (res) => {
      let body = '';
      res.on('data', (chunk) => (body += chunk));
      res.on('end', () => {
        const { text, code } = JSON.parse(body);
        resolve({ outcome: code ? `${res.statusCode} ${code}` : String(res.statusCode), text });
      });
      res.on('error', cut);
    }).on('error', cut);
  });
}
