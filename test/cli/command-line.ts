import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The launcher that users run; it needs `npm run build` before. */
export const TIDEMARK = fileURLToPath(new URL('../../bin/tidemark.js', import.meta.url));

export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly cwd?: string;
  /** Added to an environment that holds no setting of tidemark. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node itself. */
  readonly nodeArgs?: readonly string[];
  readonly script?: string;
  /** A command that starts the one it is given, such as `['nice', '-n', '5']`. */
  readonly through?: readonly string[];
}

/** Runs `tidemark` with these arguments, to its end. */
export function tidemark(args: readonly string[], options: CallOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const node = [process.execPath, ...(options.nodeArgs ?? []), options.script ?? TIDEMARK];
    const [command, ...rest] = [...(options.through ?? []), ...node, ...args];
    const child = spawn(command!, rest, {
      cwd: options.cwd ?? process.cwd(),
      env: { ...plainEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}

export function plainEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIDEMARK_')));
}
