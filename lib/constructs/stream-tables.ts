import {
  AttributeType,
  Billing,
  type GlobalSecondaryIndexPropsV2,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import {
  TABLES,
  type TableDefinition,
  type TableIndex,
  type TableNames,
  type TableVariable,
  tableIndex,
} from '#domain/tables.ts';
import { toRemovalPolicy } from './stage-retention.ts';

/** Construct ids. They are part of the tables' logical ids, so another id would replace the table and lose its data. */
const TABLE_IDS = {
  STREAMS_TABLE: 'Streams',
  STREAM_KEYS_TABLE: 'StreamKeys',
  LIVE_TABLE: 'Live',
  TASKS_TABLE: 'Tasks',
  ADMIN_TOKENS_TABLE: 'AdminTokens',
  SESSIONS_TABLE: 'Sessions',
  IDEMPOTENCY_TABLE: 'Idempotency',
  AUDIT_TABLE: 'Audit',
  PURGES_TABLE: 'Purges',
  EVENTS_TABLE: 'Events',
} as const satisfies Record<TableVariable, string>;

type Table = TableDefinition & { readonly nameVariable: TableVariable };

/** The DynamoDB actions that a process may use on each of its tables. */
export type TableActions = Partial<Record<TableVariable, readonly `dynamodb:${string}`[]>>;

/**
 * The DynamoDB tables of `lib/domain/tables.ts`, on demand and with point-in-time recovery. Retained tables are also
 * protected from deletion by hand.
 */
export class StreamTables extends Construct {
  readonly #tables: ReadonlyMap<TableVariable, TableV2>;

  constructor(scope: Construct, id: string, { removalPolicy }: Pick<ResolvedStage, 'removalPolicy'>) {
    super(scope, id);
    this.#tables = new Map(
      TABLES.map(({ nameVariable, partitionKey, sortKey, timeToLiveAttribute, index }: Table) => [
        nameVariable,
        new TableV2(this, TABLE_IDS[nameVariable], {
          partitionKey: { name: partitionKey, type: AttributeType.STRING },
          ...(sortKey === null ? {} : { sortKey: { name: sortKey, type: AttributeType.STRING } }),
          billing: Billing.onDemand(),
          encryption: TableEncryptionV2.dynamoOwnedKey(),
          pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
          ...(index !== undefined && { globalSecondaryIndexes: [toIndex(index)] }),
          ...(timeToLiveAttribute === null ? {} : { timeToLiveAttribute }),
          deletionProtection: removalPolicy === 'retain',
          removalPolicy: toRemovalPolicy(removalPolicy),
        }),
      ]),
    );
  }

  /** The tables' names, by the environment variables that hold them. */
  names<Variable extends TableVariable>(...variables: readonly Variable[]): Pick<TableNames, Variable> {
    return Object.fromEntries(variables.map((variable) => [variable, this.#table(variable).tableName])) as Pick<
      TableNames,
      Variable
    >;
  }

  /** The names of all tables. */
  get allNames(): readonly string[] {
    return [...this.#tables.values()].map(({ tableName }) => tableName);
  }

  /** Grants these actions on the tables, and no others. The CDK's own grant would add all indexes. */
  grant(grantee: IGrantable, actions: TableActions): void {
    for (const [variable, tableActions] of Object.entries(actions)) {
      const resourceArns = [this.#table(variable as TableVariable).tableArn];
      Grant.addToPrincipal({ grantee, actions: [...tableActions], resourceArns });
    }
  }

  /** Grants queries of a table's index. They see the attributes of the index, and no others. */
  grantIndexQueries(grantee: IGrantable, variable: TableVariable): void {
    const { name } = tableIndex(variable);
    const resourceArns = [`${this.#table(variable).tableArn}/index/${name}`];
    Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns });
  }

  #table(variable: TableVariable): TableV2 {
    const table = this.#tables.get(variable);
    if (table === undefined) throw new Error(`there is no table for ${variable}`);
    return table;
  }
}

const toIndex = ({ name, partitionKey, attributes }: TableIndex): GlobalSecondaryIndexPropsV2 => ({
  indexName: name,
  partitionKey: { name: partitionKey, type: AttributeType.STRING },
  projectionType: ProjectionType.INCLUDE,
  nonKeyAttributes: [...attributes],
});
