/** Reads the environment of a function. What is missing or malformed throws an Error that names the variable: the function must not start. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function required(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is missing`);
  return value;
}

export function readNumber(environment: Environment, name: string): number {
  const value = Number(required(environment, name));
  if (!Number.isFinite(value) || value <= 0) throw new Error(`the environment variable ${name} must be a number above 0`);
  return value;
}

export function readJson(environment: Environment, name: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(required(environment, name));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error(`the environment variable ${name} must be a JSON object`);
}

export function readList(environment: Environment, name: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(required(environment, name));
    if (Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error(`the environment variable ${name} must be a JSON list`);
}

export function words(value: string | undefined): readonly string[] {
  return (value ?? '').split(' ').filter((word) => word !== '');
}
