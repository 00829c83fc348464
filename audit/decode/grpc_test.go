package decode

import (
	"encoding/binary"
	"testing"
)

func grpcFrameOf(flags byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(data))), data...)
}

func encodeGRPC(data []byte) []byte {
	out := append(grpcFrameOf(0, []byte("\x08\x01")), grpcFrameOf(1, data)...)
	return append(out, grpcFrameOf(0x80, []byte("grpc-status: 0\r\n"))...)
}

func FuzzGRPC(f *testing.F) { contained(f, "grpc") }
