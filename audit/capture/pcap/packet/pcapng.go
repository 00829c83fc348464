package packet

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// Types of the blocks of pcapng that are read; all others are passed over.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockSecrets   = 0x0a
	blockEnhanced  = 6
)

// maxInterfaces bounds the interfaces of a section.
const maxInterfaces = 1 << 16

// An iface is an interface that packets were captured at.
type iface struct {
	link   Link
	units  uint64 // a second
	offset int64  // seconds
}

// nextBlock reads the blocks of a pcapng file up to the next packet.
func (f *Reader) nextBlock() (Packet, error) {
	for {
		if _, err := f.in.Peek(1); err != nil {
			return Packet{}, err
		}
		kind, body, err := f.block()
		if err != nil {
			return Packet{}, err
		}
		switch kind {
		case blockSection:
			f.ifaces = f.ifaces[:0]
		case blockInterface:
			err = f.openInterface(body)
		case blockSecrets:
			f.secrets(body)
		case blockEnhanced, blockPacket, blockSimple:
			return f.packet(kind, body)
		}
		if err != nil {
			return Packet{}, err
		}
	}
}

// block reads one block: type, length, body, length again.
func (f *Reader) block() (kind uint32, body []byte, err error) {
	head, err := f.in.Peek(12)
	if err != nil {
		return 0, nil, cut(err)
	}
	if binary.LittleEndian.Uint32(head) == blockSection {
		if err := f.section(head[8:]); err != nil {
			return 0, nil, err
		}
	}
	kind, length := f.order.Uint32(head), f.order.Uint32(head[4:])
	if length < 12 || length%4 != 0 || length > maxBlock {
		return 0, nil, fmt.Errorf("a block of type %#x says that it has %d bytes: the file is damaged here", kind, length)
	}
	b, err := f.read(int(length))
	if err != nil {
		return 0, nil, err
	}
	if again := f.order.Uint32(b[length-4:]); again != length {
		return 0, nil, fmt.Errorf("a block of type %#x has length %d at its head and %d at its end: the file is damaged here", kind, length, again)
	}
	return kind, b[8 : length-4], nil
}

// section finds out the byte order of a section.
func (f *Reader) section(mark []byte) error {
	const inOrder = 0x1a2b3c4d
	switch uint32(inOrder) {
	case binary.LittleEndian.Uint32(mark):
		f.order = binary.LittleEndian
	case binary.BigEndian.Uint32(mark):
		f.order = binary.BigEndian
	default:
		return fmt.Errorf("a section of a pcapng file with byte order % x: %w", mark, ErrFormat)
	}
	return nil
}

// openInterface reads an Interface Description Block.
func (f *Reader) openInterface(b []byte) error {
	if len(b) < 8 || len(f.ifaces) >= maxInterfaces {
		return fmt.Errorf("interface %d is described in %d bytes: the file is damaged here", len(f.ifaces), len(b))
	}
	i := iface{link: Link(f.order.Uint16(b)), units: 1e6}
	const resolution, offset = 9, 14 // if_tsresol, if_tsoffset
	for b = b[8:]; len(b) >= 4; {
		code, n := f.order.Uint16(b), int(f.order.Uint16(b[2:]))
		value := b[4:]
		if code == 0 || n > len(value) {
			break
		}
		switch {
		case code == resolution && n == 1:
			i.units = unitsOf(value[0])
		case code == offset && n == 8:
			i.offset = int64(f.order.Uint64(value)) //nolint:gosec // the file has it signed
		}
		b = value[min((n+3)&^3, len(value)):]
	}
	f.ifaces = append(f.ifaces, i)
	return nil
}

// unitsOf is how many units of time a second has: a power of 10, or of 2 if
// the first bit is set.
func unitsOf(v byte) uint64 {
	base, exponent, most := uint64(10), int(v&0x7f), 19
	if v&0x80 != 0 {
		base, most = 2, 63
	}
	units := uint64(1)
	for range min(exponent, most) {
		units *= base
	}
	return units
}

// at is the time that a count of units means.
func (i iface) at(count uint64) time.Time {
	seconds, rest := count/i.units, count%i.units
	nanos := uint64(float64(rest) / float64(i.units) * 1e9)
	if i.units <= 1e9 {
		nanos = rest * 1e9 / i.units
	}
	if seconds > math.MaxInt32 {
		seconds = 0 // no packet is from after 2038 or from before counting
	}
	return time.Unix(int64(seconds)+i.offset%math.MaxInt32, int64(nanos)).UTC() //nolint:gosec // bounded above
}

// secrets hands on a Decryption Secrets Block with a TLS key log.
func (f *Reader) secrets(b []byte) {
	const tlsKeyLog = 0x544c534b
	if f.Secrets == nil || len(b) < 8 || f.order.Uint32(b) != tlsKeyLog {
		return
	}
	b, n := b[8:], f.order.Uint32(b[4:])
	f.Secrets(b[:min(uint64(n), uint64(len(b)))])
}

// packet reads one of the three blocks that packets come in.
func (f *Reader) packet(kind uint32, b []byte) (Packet, error) {
	heads := map[uint32]int{blockEnhanced: 20, blockPacket: 20, blockSimple: 4}
	head := heads[kind]
	if len(b) < head {
		return Packet{}, fmt.Errorf("a packet in a block of %d bytes: the file is damaged here", len(b))
	}
	var number, length, size uint32
	var count uint64
	switch kind {
	case blockSimple:
		size = f.order.Uint32(b)
		length = min(size, uint32(len(b)-head)) //nolint:gosec // below maxBlock
	default:
		number = f.order.Uint32(b)
		if kind == blockPacket {
			number = uint32(f.order.Uint16(b))
		}
		count = uint64(f.order.Uint32(b[4:]))<<32 | uint64(f.order.Uint32(b[8:]))
		length, size = f.order.Uint32(b[12:]), f.order.Uint32(b[16:])
	}
	if uint64(number) >= uint64(len(f.ifaces)) || int64(length) > int64(len(b)-head) {
		return Packet{}, fmt.Errorf("a packet of %d bytes at interface %d, in a block of %d: the file is damaged here", length, number, len(b))
	}
	p := Packet{Link: f.ifaces[number].link, Data: b[head : head+int(length)], Size: int(max(size, length))}
	if kind != blockSimple { // which has no time
		p.Time = f.ifaces[number].at(count)
	}
	return p, nil
}
