import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../src/errors.ts';

/** Kept between runs, and ignored by git as everything in node_modules. */
const CACHE = new URL('../../node_modules/.cache/tidemark-services', import.meta.url).pathname;
const POM = new URL('pom.xml', import.meta.url).pathname;

/** The folder with the broker's jars, fetched on first use. Name it anew when the pom changes. */
export function kafkaJars(): Promise<string> {
  return fetchOnce('kafka-4.1.0', 'KAFKA_BROKERS', (folder) => [
    'dependency:copy-dependencies',
    '-DexcludeArtifactIds=embedded-redis',
    `-DoutputDirectory=${folder}`,
  ]);
}

/** A redis-server to run: the binary inside a jar, for machines that have none installed. Linux only. */
export async function redisBinary(): Promise<string> {
  const cpu = { x64: 'amd64', arm64: 'arm64' }[arch() as string];
  if (platform() !== 'linux' || cpu === undefined) {
    throw new TidemarkError(`there is no redis-server to fetch for ${platform()} ${arch()}`, {
      code: 'SERVICE_MISSING',
      remedy: 'Install redis-server, or set REDIS_URL to a Redis that tests may write to.',
    });
  }
  const folder = await fetchOnce('redis-6.2', 'REDIS_URL', (target) => [
    'dependency:unpack-dependencies',
    '-DincludeArtifactIds=embedded-redis',
    '-Dmdep.unpack.includes=redis-server-*-linux-*',
    `-DmarkersDirectory=${target}/.markers`,
    `-DoutputDirectory=${target}`,
  ]);
  const name = (await readdir(folder)).find((file) => file.endsWith(`-linux-${cpu}`));
  if (name === undefined) throw new Error(`no redis-server for linux ${cpu} in ${folder}`);
  await chmod(join(folder, name), 0o755);
  return join(folder, name);
}

/**
 * Fills CACHE/name by a Maven run, unless it is there. Whoever comes second waits for the first; a folder
 * appears under its name only when it is whole.
 */
async function fetchOnce(
  name: string,
  variable: string,
  goals: (folder: string) => string[],
): Promise<string> {
  const folder = join(CACHE, name);
  const lock = `${folder}.lock`;
  await mkdir(CACHE, { recursive: true });
  while (!existsSync(folder)) {
    if (!(await takeLock(lock))) {
      await sleep(200);
      continue;
    }
    try {
      if (existsSync(folder)) break;
      const partial = `${folder}.${process.pid}.partial`;
      try {
        await runMaven(variable, ['-q', '-B', '-f', POM, ...goals(partial)]);
        await rename(partial, folder);
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
    } finally {
      await rm(lock, { force: true });
    }
  }
  return folder;
}

/** False when a living process holds the lock; what a dead one left behind is removed for the next attempt. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function runMaven(variable: string, args: string[]): Promise<void> {
  const service = variable === 'KAFKA_BROKERS' ? 'Apache Kafka' : 'Redis';
  const remedy = `Install Java 17+ and Maven and let Maven reach its repository, or set ${variable} to a ${service} that tests may write to.`;
  return new Promise((resolve, reject) => {
    const maven = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    maven.stdout.on('data', (chunk) => {
      output += chunk;
    });
    maven.stderr.on('data', (chunk) => {
      output += chunk;
    });
    maven.on('error', (cause) =>
      reject(
        new TidemarkError(`cannot fetch ${service} for the tests: mvn does not start (${cause.message})`, {
          code: 'SERVICE_MISSING',
          remedy,
          cause,
        }),
      ),
    );
    maven.on('close', (status) => {
      if (status === 0) return resolve();
      reject(
        new TidemarkError(
          `cannot fetch ${service} for the tests: mvn ended with ${status}\n${output.trim()}`,
          {
            code: 'SERVICE_MISSING',
            remedy,
          },
        ),
      );
    });
  });
}
