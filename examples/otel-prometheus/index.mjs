// Metrics for Prometheus at /metrics, and a span for each call and attempt, printed to the console.
//
//   npm install express prom-client @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/context-async-hooks
//   GEMINI_API_KEY=... node index.mjs
//
// The dashboard for Grafana is node_modules/gemini-guard/docs/grafana-dashboard.json.

import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import express from 'express';
import { geminiGuard } from 'gemini-guard';
import { collectDefaultMetrics, register } from 'prom-client';

// With @opentelemetry/sdk-node these two lines are `new NodeSDK().start()`, and spans go where OTEL_EXPORTER_OTLP_ENDPOINT says.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())] }),
);
collectDefaultMetrics();

const app = express();
const guard = geminiGuard({ metrics: register });

// Above the guard: who collects metrics is no visitor.
app.get('/metrics', async (_req, res) => {
  res.type(register.contentType).send(await register.metrics());
});

app.use(guard, express.json());

app.post('/ask', async (req, res) => {
  const answer = await req.gemini.models.generateContent({
    model: 'gemini-3.8-flash',
    contents: String(req.body?.question ?? ''),
  });
  res.json({ text: answer.text });
});

// What it costs, by route and model.
app.get('/costs', (_req, res) => {
  const { costTodayUsd, routes, models } = guard.stats();
  res.json({ costTodayUsd, routes, models });
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`listening on http://localhost:${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close();
  guard.close();
});
