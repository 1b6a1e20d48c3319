/** TCP ports of a deployment. */
export const PORTS = {
  /** RTMP at the load balancer and in the task. */
  rtmp: 1935,
  /** RTMPS at the load balancer, which terminates TLS. Broadcasters' firewalls let 443 through. */
  rtmps: 443,
  /** The origin in the task. */
  originTask: 8080,
  /** The internal server in the task. Only other tasks of the same stage may call it. */
  internalTask: 8081,
  /** The origin's private load balancer. CloudFront reaches it inside the VPC, without TLS. */
  originBalancer: 80,
} as const;

/** Path of the origin's health check. 200 means that the task is alive; it does not say how full the task is. */
export const HEALTH_PATH = '/health';

/** Names of this machine that no name server can give to somebody else. IPv6 addresses are in brackets, as in URLs. */
export const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'] as const;

/** Application name in RTMP URLs: `rtmp://HOST/live`. */
export const RTMP_APPLICATION = 'live';

/** The header in which the edge shows its secret to the origin and to the control API. It replaces what viewers send. */
export const EDGE_SECRET_HEADER = 'headend-edge-secret';
