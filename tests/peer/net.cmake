aiot_test(peer_net SOURCES net_pyserial.cpp net_ser2net.cpp LINKS aiot_net LABELS peer)
