import { TidemarkError } from '../errors.ts';

/** What a spine, and a training set, can be written as. */
export type FileFormat = 'parquet' | 'csv' | 'jsonl';

const ENDINGS: Readonly<Record<FileFormat, RegExp>> = {
  parquet: /\.(parquet|pq)$/i,
  csv: /\.(csv|tsv)(\.(gz|zst))?$/i,
  jsonl: /\.(jsonl|ndjson)(\.(gz|zst))?$/i,
};

/** The format of a file, by the ending of its name. @throws TidemarkError for another ending */
export function fileFormat(file: string): FileFormat {
  for (const [format, ending] of Object.entries(ENDINGS)) {
    if (ending.test(file)) return format as FileFormat;
  }
  throw new TidemarkError('the name ends like no format of rows', {
    code: 'FILE_FORMAT',
    place: { file },
    remedy: 'Names end in .parquet, .csv or .jsonl; the last two also in .gz or .zst.',
    exitCode: 2,
  });
}
