package decode

import (
	"encoding/binary"
	"strconv"

	"telltale/audit"
)

// A frame of gRPC is a byte of flags, four bytes of length, and a message
// (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). In gRPC-Web a frame
// of trailers follows.
const (
	grpcPrefix     = 5
	grpcCompressed = 0x01
	grpcTrailer    = 0x80
)

func isGRPC(in layer) bool { return grpcFrame(in.data) > 0 }

// grpcFrame returns the length of the first frame, 0 if there is none.
func grpcFrame(data []byte) int {
	if len(data) < grpcPrefix || data[0]&^(grpcCompressed|grpcTrailer) != 0 {
		return 0
	}
	size := int64(binary.BigEndian.Uint32(data[1:]))
	if size > int64(len(data)-grpcPrefix) {
		return 0
	}
	return grpcPrefix + int(size)
}

// decodeGRPC gives the messages, if frames fill the layer to its last byte. A
// compressed one is given as it stands: its content says how to read it.
func decodeGRPC(in layer, emit func(part) bool) error {
	for at := 0; at < len(in.data); {
		n := grpcFrame(in.data[at:])
		if n == 0 {
			return nil
		}
		at += n
	}
	for at, n := 0, 0; at < len(in.data); n++ {
		step := "grpc:"
		if in.data[at]&grpcTrailer != 0 {
			step = "grpc-trailer:"
		}
		end := at + grpcFrame(in.data[at:])
		span := audit.Span{Start: at + grpcPrefix, End: end}
		if !emit(part{step + strconv.Itoa(n), in.data[span.Start:end], span}) {
			return nil
		}
		at = end
	}
	return nil
}
