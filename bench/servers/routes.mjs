// The two routes that all servers have; `unary` and `streaming` say how each calls the SDK.
export function addRoutes(app, { model, unary, streaming }) {
  app.post('/generate', async (req, res) => {
    const answer = await unary(req, { model: req.body.model ?? model, contents: req.body.prompt });
    res.json({ text: answer.text });
  });
  app.post('/stream', async (req, res) => {
    const stream = await streaming(req, { model, contents: req.body.prompt });
    res.type('text/event-stream');
    for await (const chunk of stream) res.write(`data: ${JSON.stringify({ text: chunk.text })}\n\n`);
    res.end();
  });
}
