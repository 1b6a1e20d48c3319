import { type CloudFormation, paginateListStackResources } from '@aws-sdk/client-cloudformation';

/** A resource of a deployed stack. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
}

/** Lists the resources that a stack has. A stack that does not exist has none. Rejects with the SDK's error. */
export async function deployedResources(
  cloudFormation: CloudFormation,
  stackName: string,
): Promise<DeployedResource[]> {
  const resources: DeployedResource[] = [];
  try {
    for await (const page of paginateListStackResources({ client: cloudFormation }, { StackName: stackName })) {
      for (const {
        LogicalResourceId,
        ResourceType,
        PhysicalResourceId,
        ResourceStatus,
      } of page.StackResourceSummaries ?? []) {
        if (LogicalResourceId === undefined || ResourceType === undefined || PhysicalResourceId === undefined) continue;
        if (ResourceStatus === 'DELETE_COMPLETE') continue;
        resources.push({ logicalId: LogicalResourceId, type: ResourceType, physicalId: PhysicalResourceId });
      }
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && error.message.includes('does not exist'))
      return [];
    throw error;
  }
  return resources;
}
