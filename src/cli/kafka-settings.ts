import { type KafkaOptions, SASL_MECHANISMS } from '../sources/kafka-options.ts';
import { brokerList, choice, nonEmpty, yesOrNo } from './parsers.ts';
import { pathSetting, required, type SettingValues, setting } from './settings.ts';

/** How to reach Kafka, for every command that does. */
export const KAFKA_SETTINGS = {
  brokers: setting(brokerList, '<host:port,…>', 'Kafka brokers'),
  kafkaSsl: setting(yesOrNo, null, 'talk TLS to Kafka'),
  kafkaCa: pathSetting('<file>', 'trust these certificate authorities too (PEM); implies TLS'),
  kafkaSaslMechanism: setting(
    choice(SASL_MECHANISMS),
    '<name>',
    `log in to Kafka: ${SASL_MECHANISMS.join(', ')}; the password comes from TIDEMARK_KAFKA_SASL_PASSWORD`,
  ),
  kafkaSaslUsername: setting(nonEmpty, '<name>', 'user for it'),
  kafkaSaslPassword: { ...setting(nonEmpty, '<text>', 'password for it'), secret: true },
} as const;

type KafkaSettings = SettingValues<typeof KAFKA_SETTINGS>;

/** `file`: whether a --config file could hold a missing one too. */
export function kafkaOptions(given: KafkaSettings, file: boolean): KafkaOptions {
  return {
    brokers: required(KAFKA_SETTINGS, 'brokers', given.brokers, file),
    ssl: sslOf(given),
    sasl: saslOf(given, file),
  };
}

function sslOf(given: KafkaSettings): KafkaOptions['ssl'] {
  if (given.kafkaCa !== undefined && given.kafkaSsl !== false) return { caFile: given.kafkaCa };
  return given.kafkaSsl === true ? { caFile: null } : null;
}

function saslOf(given: KafkaSettings, file: boolean): KafkaOptions['sasl'] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = given;
  if (mechanism === undefined && username === undefined && password === undefined) return null;
  return {
    mechanism: required(KAFKA_SETTINGS, 'kafkaSaslMechanism', mechanism, file),
    username: required(KAFKA_SETTINGS, 'kafkaSaslUsername', username, file),
    password: required(KAFKA_SETTINGS, 'kafkaSaslPassword', password, file),
  };
}
