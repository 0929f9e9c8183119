import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import FlatQueue from 'flatqueue';
import { localTimeReader } from '../src/sources/decode-local-time.ts';

/** The public flights data set of the package vega-datasets: departures within the USA, January to June 2001. */
const DATA = new URL('../node_modules/vega-datasets/data/', import.meta.url);

export interface Flight {
  readonly origin: string;
  readonly destination: string;
  /** Scheduled, by the clock of the origin with its offset from UTC: `2001-01-01T06:55-08:00`. */
  readonly departed_at: string;
  /** Of the arrival; negative when early. */
  readonly delay_minutes: number;
  readonly distance_miles: number;
}

/** What is known of a flight once it has landed: its delay is not known before. */
export interface FlightReport {
  readonly flight: Flight;
  /** Scheduled, epoch milliseconds. */
  readonly departedMs: number;
  /** Epoch milliseconds, estimated. */
  readonly landedMs: number;
}

const MINUTE_MS = 60_000;
/** From gate to gate without delay: rolling, and some 480 miles an hour. */
const GROUND_MINUTES = 35;
const MILES_PER_MINUTE = 8;
/** A flight of the file lands at least so long after its departure by the airport's clock, read as UTC. */
const EARLIEST_LANDING_MS = 3 * 60 * MINUTE_MS;

/** The first `limit` flights of the file, reported in the order in which they land. */
export async function* readFlights(limit: number): AsyncGenerator<FlightReport, void, void> {
  const airborne = new FlatQueue<FlightReport>();
  for await (const { report, clockMs } of readFile(limit)) {
    while (airborne.length > 0 && airborne.peekValue()! < clockMs + EARLIEST_LANDING_MS)
      yield airborne.pop()!;
    airborne.push(report, report.landedMs);
  }
  while (airborne.length > 0) yield airborne.pop()!;
}

/** In the order of the file, which is sorted by the clocks of the airports. */
async function* readFile(
  limit: number,
): AsyncGenerator<{ report: FlightReport; clockMs: number }, void, void> {
  const connection = await (await DuckDBInstance.create()).connect();
  const zones = await airportZones(connection);
  const readers = new Map([...new Set(zones.values())].map((zone) => [zone, localTimeReader(zone)]));
  const utc = localTimeReader('UTC');
  const file = new URL('flights-3m.parquet', DATA).pathname;
  const columns = `strftime(date, '%Y-%m-%dT%H:%M') AS local, origin, destination, delay::INT, distance::INT`;
  const result = await connection.stream(`SELECT ${columns} FROM '${file}' LIMIT ${limit}`);
  for await (const rows of result.yieldRows()) {
    for (const row of rows) {
      const [local, origin, destination, delay, distance] = row as [string, string, string, number, number];
      const zone = zones.get(origin);
      if (zone === undefined) throw new Error(`the time zone of airport ${origin} is not known`);
      const clockMs = utc(local)!;
      const departedMs = readers.get(zone)!(local)!;
      const flight = {
        origin,
        destination,
        departed_at: local + formatOffset((clockMs - departedMs) / MINUTE_MS),
        delay_minutes: delay,
        distance_miles: distance,
      };
      const minutes = GROUND_MINUTES + Math.round(distance / MILES_PER_MINUTE) + delay;
      // Some rows arrive before they leave.
      const landedMs = departedMs + Math.max(0, minutes) * MINUTE_MS;
      yield { report: { flight, departedMs, landedMs }, clockMs };
    }
  }
  connection.closeSync();
}

function formatOffset(minutes: number): string {
  const part = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${part(size / 60)}:${part(size % 60)}`;
}

/** IANA zone by airport code: that of its state, or its own where the state has two. */
async function airportZones(connection: DuckDBConnection): Promise<ReadonlyMap<string, string>> {
  const file = new URL('airports.csv', DATA).pathname;
  const airports = await connection.runAndReadAll(
    `SELECT iata, state FROM read_csv('${file}', header = true)`,
  );
  const zones = new Map<string, string>();
  for (const [code, state] of airports.getRows() as [string, string][]) {
    const zone = ZONE_OF_STATE.get(state);
    if (zone !== undefined) zones.set(code, zone);
  }
  for (const [zone, codes] of Object.entries(AIRPORTS)) {
    for (const code of codes.split(' ')) zones.set(code, zone);
  }
  return zones;
}

const STATES = {
  'America/New_York': 'CT DC DE FL GA KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV',
  'America/Chicago': 'AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI',
  'America/Denver': 'CO ID MT NM UT WY',
  'America/Los_Angeles': 'CA NV OR WA',
  'America/Indiana/Indianapolis': 'IN',
  'America/Phoenix': 'AZ',
  'America/Anchorage': 'AK',
  'Pacific/Honolulu': 'HI',
  'America/Puerto_Rico': 'PR VI',
  'Pacific/Guam': 'GU',
};
const ZONE_OF_STATE = new Map(
  Object.entries(STATES).flatMap(([zone, states]) =>
    states.split(' ').map((state) => [state, zone] as const),
  ),
);

/** Airports beyond their state's main zone, and such as the list of airports lacks. */
const AIRPORTS = {
  'America/Chicago': 'PNS VPS PFN EVV PAH OWB',
  'America/New_York': 'MQT TYS CHA TRI',
  'America/Denver': 'ELP RAP',
  'America/Los_Angeles': 'LWS',
};
