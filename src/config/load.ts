import type { Config } from './config.ts';

type DeepPartial<T> = { [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] };

/**
 * `overrides` has the shape of the file ({ plan: { url: '…' }, server: { port: 0 } }) and wins over everything;
 * environment variables win over the file.
 * @throws InvalidInput with one problem per fault
 */
export declare function loadConfig(options: {
  file?: string;
  env: NodeJS.ProcessEnv;
  overrides?: DeepPartial<Record<string, unknown>>;
}): Promise<Config>;
export declare function configJsonSchema(): Record<string, unknown>;
