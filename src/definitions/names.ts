/**
 * Which names are allowed: those that are safe as a topic, in a path, in a Redis key and as a column.
 */
export interface NameRule {
  readonly pattern: RegExp;
  readonly allowed: string;
}

/** A source's name is a folder; it may be a topic's name too. */
export const SOURCE_NAME: NameRule = {
  pattern: /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/,
  allowed: 'up to 200 letters, digits, _ - and ., not starting with . or -',
};

/** Kafka's rule. */
export const TOPIC_NAME: NameRule = {
  pattern: /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
  allowed: 'up to 249 letters, digits, . _ and -',
};

/** A group's name stands in paths and Redis keys, before `.feature` and before `__feature`. */
export const GROUP_NAME: NameRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_-]{0,99}$/,
  allowed: 'up to 100 letters, digits, _ and -, starting with a letter',
};

/** A feature's name is a column and a field of a Redis hash; an aggregate of the user's own is named alike. */
export const FEATURE_NAME: NameRule = {
  pattern: /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,99}$/,
  allowed: 'up to 100 letters, digits and _, not starting with a digit',
};

/** Avro's rule for names of fields and symbols. */
export const AVRO_NAME: NameRule = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
  allowed: 'letters, digits and _, not starting with a digit',
};

/** Columns that every row has beside the entity and the features. */
export const ROW_COLUMNS: readonly string[] = ['window_end', 'version', 'known_at', 'timing', 'deleted'];
