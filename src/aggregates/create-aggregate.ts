import type { Feature } from '../definitions/definition.ts';
import type { Aggregate } from './aggregate.ts';
import { DoubleAvg, IntegerAvg } from './avg.ts';
import { Count } from './count.ts';
import type { Dictionary } from './dictionary.ts';
import { DistinctCount } from './distinct-count.ts';
import { Entropy } from './entropy.ts';
import { NumberMax, NumberMin, TextExtreme } from './extreme.ts';
import { FirstLast } from './first-last.ts';
import { Rate } from './rate.ts';
import { DoubleSum, IntegerSum } from './sum.ts';

/** How a feature's input becomes the number that its aggregate takes. */
export type InputEncoding = 'record' | 'number' | 'boolean' | 'category';

/** The aggregate of a feature, with strings and categories in the task's dictionary. */
export function createAggregate(feature: Feature, dictionary: Dictionary): Aggregate {
  const input = feature.input?.type;
  switch (feature.aggregate) {
    case 'count':
      return new Count();
    case 'rate':
      return new Rate();
    case 'sum':
      return input === 'integer' ? new IntegerSum() : new DoubleSum();
    case 'avg':
      return input === 'integer' ? new IntegerAvg() : new DoubleAvg();
    case 'min':
      return input === 'string' ? new TextExtreme(dictionary, 'min') : new NumberMin();
    case 'max':
      return input === 'string' ? new TextExtreme(dictionary, 'max') : new NumberMax();
    case 'first':
    case 'last':
      return new FirstLast(feature.aggregate, input === 'string' ? dictionary : null);
    case 'distinctCount':
      return new DistinctCount(dictionary);
    case 'entropy':
      return new Entropy(dictionary);
  }
}

export function inputEncoding(feature: Feature): InputEncoding {
  if (feature.aggregate === 'count') return 'record';
  if (feature.aggregate === 'distinctCount' || feature.aggregate === 'entropy') return 'category';
  const type = feature.input?.type;
  if (type === 'string') return 'category';
  return type === 'boolean' ? 'boolean' : 'number';
}
