// Nest, whose filters catch all errors before Express does: this one answers Gemini's in Nest's own shape.
//
//   GEMINI_API_KEY=... nest start
//   curl -H 'content-type: application/json' -d '{"question":"Why is the sky blue?"}' localhost:3000/ask

import 'reflect-metadata';
import { type ArgumentsHost, Catch, Controller, type ExceptionFilter, Module, Post, Req } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { geminiGuard, isGeminiError } from 'gemini-guard';

const guard = geminiGuard({ timeout: { totalMs: 30_000, attemptMs: 20_000 } });

@Controller()
class AskController {
  @Post('ask')
  async ask(@Req() req: Request) {
    const answer = await req.gemini.models.generateContent({
      model: 'gemini-3.8-flash',
      contents: String(req.body?.question ?? ''),
    });
    return { text: answer.text };
  }
}

@Catch()
class GeminiFilter extends BaseExceptionFilter implements ExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost) {
    if (!isGeminiError(error)) return super.catch(error, host);
    const { status: statusCode, message, headers } = error;
    host.switchToHttp().getResponse<Response>().set(headers).status(statusCode).json({ statusCode, message });
  }
}

@Module({ controllers: [AskController], providers: [{ provide: APP_FILTER, useClass: GeminiFilter }] })
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error'] });
app.use(guard);

// Somebody has to act: the key, the bill, the model. Tell a human.
guard.on('alert', ({ kind, cure }) => console.error(`${kind}: ${cure}`));

await app.listen(process.env.PORT ?? 3000);
console.log(`listening on ${await app.getUrl()}`);
process.once('SIGTERM', () => void Promise.all([app.close(), guard.close()]));
