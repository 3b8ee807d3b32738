// SPDX-License-Identifier: Apache-2.0

// Where clients in Go send keys, of 64 partitions: "client<TAB>key<TAB>partition" a line.
package main

import (
	"fmt"
	"os"

	"github.com/IBM/sarama"
	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

const count = 64

func main() {
	partitions := make([]int, count)
	for i := range partitions {
		partitions[i] = i
	}
	hash := sarama.NewHashPartitioner("commands")
	sticky := kgo.StickyKeyPartitioner(nil).ForTopic("commands")
	for _, key := range os.Args[1:] {
		partition, _ := hash.Partition(&sarama.ProducerMessage{Key: sarama.StringEncoder(key)}, count)
		message := kafka.Message{Key: []byte(key)}
		fmt.Printf("sarama\t%s\t%d\n", key, partition)
		fmt.Printf("kafka-go\t%s\t%d\n", key, (&kafka.Hash{}).Balance(message, partitions...))
		fmt.Printf("kafka-go, Murmur2Balancer\t%s\t%d\n", key, kafka.Murmur2Balancer{}.Balance(message, partitions...))
		fmt.Printf("franz-go\t%s\t%d\n", key, sticky.Partition(&kgo.Record{Key: []byte(key)}, count))
	}
}
