import type { FeatureGroup, FieldKind } from '../definitions/definition.ts';
import { isTextField } from '../sinks/offline-columns.ts';

/**
 * SQL of the bucket of an entity: the first 32 bits of the MD5 of its text, modulo the number of buckets. The text is
 * that of the online store's keys (interface.md, "Redis"), so that the bucket can be computed anywhere.
 *
 * @param fields SQL of each field as it is in memory, see `entityValueSql`. Null for what no entity can be.
 */
export function bucketSql(group: FeatureGroup, fields: readonly string[], buckets: number): string {
  const kinds = group.entity.map((field) => group.source.fields.get(field)!.kind);
  const text = fields.map((field, index) => textSql(field, kinds[index]!)).join(` || ':' || `);
  return `(('0x' || left(md5(${text}), 8))::UBIGINT % ${buckets})::INTEGER`;
}

function textSql(field: string, kind: FieldKind): string {
  if (kind === 'boolean') return `${field}::VARCHAR`;
  if (!isTextField(kind)) return `TRY_CAST(${field} AS BIGINT)::VARCHAR`;
  // The percent sign first: it stands in what the others become.
  return ['%', ':', '{', '}'].reduce(
    (text, char) => `replace(${text}, '${char}', '%${char.charCodeAt(0).toString(16).toUpperCase()}')`,
    field,
  );
}
