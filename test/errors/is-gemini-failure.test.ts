import { isGeminiFailure } from '../../src/errors/is-gemini-failure.ts';

const said = (message: string): Error => new Error(message);
const named = (name: string, fields: object = {}): Error => Object.assign(new Error('x'), { name }, fields);
const interactions = { statusCode: 429, rawResponse: undefined, contentType: '' };

describe('an error is one of Gemini', () => {
  test.each([
    '[GoogleGenerativeAI Error]: x',
    'Incomplete JSON segment at the end of x',
    'exception parsing stream chunk x',
    'Could not load the default credentials. Browse to x',
    'got status: RESOURCE_EXHAUSTED. {"error":{}}',
    'exception TypeError: fetch failed sending request',
    `exception ${'x'.repeat(200)} sending request`,
    'invalid model parameter',
    'model is required and must be a string',
  ])('by what it says: %s', (message) => {
    expect(isGeminiFailure(said(message))).toBe(true);
    expect(isGeminiFailure(said(`x ${message}`))).toBe(false);
  });

  test.each([
    'got status: x. {',
    'got status: OK. [',
    'exception x sending request x',
    `exception ${'x'.repeat(201)} sending request`,
    'invalid model parameter x',
    'model is required and must be a string x',
    'GoogleGenerativeAI Error',
  ])('not by what others say: %s', (message) => {
    expect(isGeminiFailure(said(message))).toBe(false);
  });

  test('by its name', () => {
    for (const name of [
      'GoogleGenerativeAIError',
      'GoogleGenerativeAIFetchError',
      'ContinuationInterruptedError',
      'GoogleGenAiError',
    ]) {
      expect(isGeminiFailure(named(name))).toBe(true);
    }
    for (const name of [
      'MyGoogleGenerativeAIError',
      'GoogleGenerativeAIErrors',
      'GoogleGenerativeAI-Error',
      'ApiError',
      'Error',
    ]) {
      expect(isGeminiFailure(named(name))).toBe(false);
    }
  });

  test('by its name and its status', () => {
    expect(isGeminiFailure(named('ApiError', { status: 429 }))).toBe(true);
    expect(isGeminiFailure(named('ApiError', { status: '429' }))).toBe(false);
    expect(isGeminiFailure(named('MyError', { status: 429 }))).toBe(false);
  });

  test('by the name or the class of the interactions, with their fields', () => {
    class RateLimitError extends Error {}
    const thrown = Object.assign(new RateLimitError('x'), interactions);
    expect([thrown.name, isGeminiFailure(thrown)]).toEqual(['Error', true]);
    expect(isGeminiFailure(named('APIConnectionTimeoutError', interactions))).toBe(true);
    expect(isGeminiFailure(named('MyRateLimitError', interactions))).toBe(false);
    expect(isGeminiFailure(named('RateLimitErrors', interactions))).toBe(false);
    for (const missing of Object.keys(interactions)) {
      const { [missing as 'statusCode']: _none, ...others } = interactions;
      expect(isGeminiFailure(named('RateLimitError', others))).toBe(false);
    }
  });

  test('by a cause', () => {
    expect(isGeminiFailure(new Error('x', { cause: named('GoogleGenAiError') }))).toBe(true);
    expect(isGeminiFailure({ message: '[GoogleGenerativeAI Error]: x' })).toBe(false);
    expect(isGeminiFailure({ name: 'GoogleGenAi', cause: 'GoogleGenAiError' })).toBe(false);
  });

  test('if it can be looked at', () => {
    const trap = (): never => {
      throw new Error('trap');
    };
    expect(isGeminiFailure(new Proxy(named('RateLimitError', interactions), { has: trap }))).toBe(false);
    expect(isGeminiFailure({ stack: 'x' })).toBe(false);
    expect(isGeminiFailure({ stack: 'x', constructor: null })).toBe(false);
  });
});
