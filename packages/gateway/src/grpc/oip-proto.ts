import protobuf from 'protobufjs/light.js'

const field = (id: number, type: string) => ({ id, type })
const list = (id: number, type: string) => ({ id, type, rule: 'repeated' })
const map = (id: number, type: string) => ({ id, type, keyType: 'string' })
const tensor = { name: field(1, 'string'), datatype: field(2, 'string'), shape: list(3, 'int64') }
const ofModel = { name: field(1, 'string'), version: field(2, 'string') }
const tensorMetadata = { fields: tensor }

/** `inference.GRPCInferenceService` as the Open Inference Protocol publishes it (grpc_predict_v2.proto), the parts that are answered. */
const messages = {
  ServerLiveRequest: { fields: {} },
  ServerLiveResponse: { fields: { live: field(1, 'bool') } },
  ServerReadyRequest: { fields: {} },
  ServerReadyResponse: { fields: { ready: field(1, 'bool') } },
  ModelReadyRequest: { fields: ofModel },
  ModelReadyResponse: { fields: { ready: field(1, 'bool') } },
  ServerMetadataRequest: { fields: {} },
  ServerMetadataResponse: {
    fields: { name: field(1, 'string'), version: field(2, 'string'), extensions: list(3, 'string') },
  },
  ModelMetadataRequest: { fields: ofModel },
  ModelMetadataResponse: {
    fields: {
      name: field(1, 'string'),
      versions: list(2, 'string'),
      platform: field(3, 'string'),
      inputs: list(4, 'TensorMetadata'),
      outputs: list(5, 'TensorMetadata'),
    },
    nested: { TensorMetadata: tensorMetadata },
  },
  InferParameter: {
    oneofs: { choice: { oneof: ['bool_param', 'int64_param', 'string_param', 'double_param', 'uint64_param'] } },
    fields: {
      bool_param: field(1, 'bool'),
      int64_param: field(2, 'int64'),
      string_param: field(3, 'string'),
      double_param: field(4, 'double'),
      uint64_param: field(5, 'uint64'),
    },
  },
  InferTensorContents: {
    fields: {
      bool_contents: list(1, 'bool'),
      int_contents: list(2, 'int32'),
      int64_contents: list(3, 'int64'),
      uint_contents: list(4, 'uint32'),
      uint64_contents: list(5, 'uint64'),
      fp32_contents: list(6, 'float'),
      fp64_contents: list(7, 'double'),
      bytes_contents: list(8, 'bytes'),
    },
  },
  ModelInferRequest: {
    fields: {
      model_name: field(1, 'string'),
      model_version: field(2, 'string'),
      id: field(3, 'string'),
      parameters: map(4, 'InferParameter'),
      inputs: list(5, 'InferInputTensor'),
      outputs: list(6, 'InferRequestedOutputTensor'),
      raw_input_contents: list(7, 'bytes'),
    },
    nested: {
      InferInputTensor: {
        fields: { ...tensor, parameters: map(4, 'InferParameter'), contents: field(5, 'InferTensorContents') },
      },
      InferRequestedOutputTensor: { fields: { name: field(1, 'string'), parameters: map(2, 'InferParameter') } },
    },
  },
  ModelInferResponse: {
    fields: {
      model_name: field(1, 'string'),
      model_version: field(2, 'string'),
      id: field(3, 'string'),
      parameters: map(4, 'InferParameter'),
      outputs: list(5, 'InferOutputTensor'),
      raw_output_contents: list(6, 'bytes'),
    },
    nested: {
      InferOutputTensor: {
        fields: { ...tensor, parameters: map(4, 'InferParameter'), contents: field(5, 'InferTensorContents') },
      },
    },
  },
}

const root = protobuf.Root.fromJSON({ nested: { inference: { nested: messages } } })

/** Reads a message; 64-bit integers become numbers, bytes Buffers. Throws for bytes that are none. */
export function decode<T>(name: string, bytes: Buffer): T {
  const type = root.lookupType(`inference.${name}`)
  return type.toObject(type.decode(bytes), { longs: Number, defaults: true }) as T
}

export function encode(name: string, value: object): Buffer {
  const type = root.lookupType(`inference.${name}`)
  return Buffer.from(type.encode(type.fromObject(value)).finish())
}
