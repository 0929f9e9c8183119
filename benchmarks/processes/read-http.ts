import { Agent, request } from 'node:http';
import { UPSERT_CARDS } from '../card-upserts.ts';
import { pacedReads, reactiveReads } from '../paced-reads.ts';
import { parameters, tell } from './parameters.ts';

/** Reads from `tidemark serve`: one entity by GET, several by POST. */
const { url, token, entities, perSecond, seconds, warmUpSeconds } = parameters<{
  url: string;
  token: string;
  entities: number;
  /** Null: as fast as answers come, {@link CONNECTIONS} at a time. */
  perSecond: number | null;
  seconds: number;
  warmUpSeconds: number;
}>();
const CONNECTIONS = 16;

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const headers = { authorization: `Bearer ${token}` };

function send(path: string, body: string | null): Promise<string> {
  return new Promise((resolve, reject) => {
    const more = body === null ? {} : { 'content-type': 'application/json' };
    const call = request(
      new URL(path, url),
      { agent, method: body === null ? 'GET' : 'POST', headers: { ...headers, ...more } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(text));
        });
      },
    );
    call.on('error', reject);
    call.end(body ?? undefined);
  });
}

async function read(number: number): Promise<void> {
  const cards = Array.from({ length: entities }, (_, n) => `card-${(number * 7919 + n * 31) % UPSERT_CARDS}`);
  const reads = cards.map((card_id) => ({ group: 'card_risk', entity: { card_id } }));
  const text =
    entities === 1
      ? await send(`/v1/groups/card_risk?card_id=${cards[0]}`, null)
      : await send('/v1/read', JSON.stringify({ reads }));
  if (text.includes('"version":null')) throw new Error('a card has no row');
}

const started = () => tell({});
tell(
  perSecond === null
    ? await reactiveReads(read, { atOnce: CONNECTIONS, seconds, started })
    : await pacedReads(read, { perSecond, seconds, warmUpSeconds, started }),
);
agent.destroy();
