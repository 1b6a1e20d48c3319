import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';
import type { AlarmTopic } from './alarm-topic.ts';

export interface MonthlyBudgetProps {
  readonly limitUsd: number;
  readonly topic: AlarmTopic;
}

/** The percentages of the budget at which AWS sends a notice. */
const NOTICES = [
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'FORECASTED', threshold: 100 },
] as const;

/**
 * Sends notices to the topic before the month's bill exceeds a limit. The budget covers the whole account. A budget by tags would
 * see no costs, and give no warning, until somebody activates the tags for cost allocation.
 */
export class MonthlyBudget extends Construct {
  constructor(scope: Construct, id: string, { limitUsd, topic }: MonthlyBudgetProps) {
    super(scope, id);
    new CfnBudget(this, 'Budget', {
      budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: limitUsd, unit: 'USD' } },
      notificationsWithSubscribers: NOTICES.map((notice) => ({
        notification: { ...notice, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
        subscribers: [{ subscriptionType: 'SNS', address: topic.topic.topicArn }],
      })),
    });
  }
}
