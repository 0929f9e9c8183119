/** Names of the topics that the workers of an app keep for themselves, and of those that they write for their users. */

/** Packed changes of the states of a source topic's tasks; as many partitions as the source topic. */
export function changelogTopic(app: string, topic: string): string {
  return `tidemark.${app}.${topic}.changelog`;
}

/** The journal of the marks (see `Mark`) that the app's workers made in a source's topic, with the same partitions. */
export function journalTopic(app: string, topic: string): string {
  return `tidemark.${app}.${topic}.journal`;
}

/** Heartbeats of the app's workers to each other (see `SilentMembers`); one partition. */
export function heartbeatsTopic(app: string): string {
  return `tidemark.${app}.heartbeats`;
}

/** Rejected records with reason, position and bytes. */
export function deadLettersTopic(app: string): string {
  return `tidemark.${app}.dead-letters`;
}

/** Records that came after the last of their windows was final. */
export function lateTopic(app: string): string {
  return `tidemark.${app}.late`;
}
