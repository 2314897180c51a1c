export interface KafkaLimitJob {
  readonly brokers: string;
  readonly records: number;
  readonly recordBytes: number;
  readonly batchRecords: number;
  readonly rounds: number;
}

export interface KafkaLimitReport {
  readonly producePerSecond: readonly number[];
  readonly consumePerSecond: readonly number[];
}

export interface UpsertLimitJob {
  readonly databaseUrl: string;
  readonly rows: number;
  readonly batchRows: number;
  /** Of the one wide column; 0: the narrow columns only. */
  readonly payloadBytes: number;
  readonly rounds: number;
}

export interface UpsertLimitReport {
  readonly rowsPerSecond: readonly number[];
}
