import { avg, count, defineFeatureGroup, defineSource, distinctCount, entropy, field, rate } from 'tidemark';

/**
 * Flights within the USA in the first half of 2001, which scripts/load-flights.ts puts into a topic. Each is
 * reported when it lands: only then is its delay known, and long flights are reported after shorter ones that left
 * later. 6 % of them come after one that left more than 4 hours later, 0.14 % after one that left 8 hours later.
 */
export const flights = defineSource({
  name: 'flights',
  key: 'origin',
  schema: {
    origin: field.string,
    destination: field.string,
    departed_at: field.localDateTime,
    delay_minutes: field.int,
    distance_miles: field.int,
  },
  // The texts carry their own offsets, which win.
  eventTime: { field: 'departed_at', zone: 'UTC' },
  watermark: { maxOutOfOrderness: '4h' },
});

export const airport = defineFeatureGroup({
  name: 'airport',
  version: 1,
  source: flights,
  entity: 'origin',
  every: '1h',
  allowedLateness: '4h',
  features: {
    flights_24h: count({ last: '24h' }),
    avg_delay_24h: avg((f) => f.delay_minutes, { last: '24h' }),
    late_share_24h: rate((f) => f.delay_minutes > 15, { last: '24h' }),
    late_share_3h: rate((f) => f.delay_minutes > 15, { last: '3h' }),
    destinations_7d: distinctCount((f) => f.destination, { last: '7d' }),
    destination_entropy_7d: entropy((f) => f.destination, { last: '7d' }),
  },
});
