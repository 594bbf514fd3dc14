import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { NetworkSettings } from '../pool-settings.ts';

/** Where runners on Fargate are: a network without anything in it that costs while nothing runs, and a cluster. */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  readonly cluster: ecs.ICluster;
  /** Nobody may call a runner; it calls whom it wants. */
  readonly securityGroup: ec2.SecurityGroup;
  readonly subnets: ec2.SubnetSelection;
  readonly assignPublicIp: boolean;

  constructor(scope: Construct, id: string, { vpcId, cluster, privateSubnets }: NetworkSettings) {
    super(scope, id);
    this.vpc =
      vpcId === undefined
        ? (this.#makeVpc(privateSubnets) as ec2.IVpc)
        : ec2.Vpc.fromLookup(this, 'Vpc', { vpcId });
    this.cluster =
      cluster === undefined
        ? (this.#makeCluster() as ecs.ICluster)
        : ecs.Cluster.fromClusterAttributes(this, 'Cluster', {
            clusterName: cluster,
            vpc: this.vpc,
          });
    this.securityGroup = new ec2.SecurityGroup(this, 'Runners', {
      vpc: this.vpc,
      description: 'Runners: nobody calls them',
      allowAllOutbound: true,
    });
    this.assignPublicIp = !privateSubnets;
    this.subnets = {
      subnetType: privateSubnets ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PUBLIC,
    };
  }

  #makeCluster(): ecs.Cluster {
    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: this.vpc,
      containerInsightsV2: ecs.ContainerInsights.DISABLED,
    });
    // As a property, since the resource of its own that they may be is one that not every emulator knows.
    (cluster.node.defaultChild as ecs.CfnCluster).capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
    return cluster;
  }

  #makeVpc(privateSubnets: boolean): ec2.Vpc {
    const subnet = (name: string, subnetType: ec2.SubnetType) => ({ name, subnetType });
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: privateSubnets ? 1 : 0,
      subnetConfiguration: [
        subnet('public', ec2.SubnetType.PUBLIC),
        ...(privateSubnets ? [subnet('private', ec2.SubnetType.PRIVATE_WITH_EGRESS)] : []),
      ],
      restrictDefaultSecurityGroup: false,
    });
    // They cost nothing, and most of what runners say goes this way.
    vpc.addGatewayEndpoint('Table', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB });
    vpc.addGatewayEndpoint('Bucket', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    return vpc;
  }
}
