import { fakeGemini, fault } from '../../src/testing/index.ts';
import { startExample } from './example.ts';

test('examples/otel-prometheus: metrics, spans and costs of a call that was repeated', async () => {
  const gemini = await fakeGemini({ text: 'Rayleigh scattering.' });
  const example = await startExample('otel-prometheus', gemini.env());
  gemini.script(fault.overloaded());
  expect(await (await example.ask()).json()).toEqual({ text: 'Rayleigh scattering.' });
  const metrics = await (await fetch(`${example.url}/metrics`)).text();
  expect(metrics).toMatch(
    /^gemini_guard_requests_total\{model="gemini-3.8-flash",route="POST \/ask",outcome="ok".*\} 1$/m,
  );
  expect(metrics).toMatch(/^gemini_guard_retries_total\{.*kind="model_overloaded"\} 1$/m);
  expect(metrics).toContain('process_cpu_seconds_total');
  const costs = (await (await fetch(`${example.url}/costs`)).json()) as { costTodayUsd: number; routes: object };
  expect(costs.costTodayUsd).toBeGreaterThan(0);
  expect(Object.keys(costs.routes)).toContain('POST /ask');
  expect(example.log()).toContain("name: 'generate_content gemini-3.8-flash'");
  expect(example.log().match(/name: 'attempt \d'/g)).toHaveLength(2);
  expect(example.log()).not.toContain(gemini.env().GEMINI_API_KEY);
  await example.stop();
  await gemini.close();
});
